"""Example 2 of the guide: each customer runs the SDK with its own tenant and key.

`python example_2_white_label.py acme_corp llmo_sk_…` is customer A's process, another tenant and
key are customer B's. Neither can write to, or read, the other's data.
"""

import os
import sys

from openai import OpenAI

import llmobserve

tenant_id, api_key = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None

llmobserve.observe(
    collector_url=os.environ.get("COLLECTOR_URL", "http://localhost:8000"),
    tenant_id=tenant_id,  # Their tenant ID
    api_key=api_key,  # Their API key
)

response = OpenAI().chat.completions.create(
    model="gpt-4o-mini", messages=[{"role": "user", "content": f"Say hello, {tenant_id}."}]
)
print(response.choices[0].message.content)
