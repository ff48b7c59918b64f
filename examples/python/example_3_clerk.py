"""Example 3 of the guide: the Clerk user is the tenant, in the front end and here.

The front end asks `GET /runs/latest?tenant_id=user_abc123`; see the TypeScript package for
`getTenantId` and `fetchRuns`.
"""

import os

from openai import OpenAI

import llmobserve

# When user logs in, initialize with their Clerk user ID
clerk_user_id = "user_abc123"  # From Clerk

llmobserve.observe(
    collector_url=os.environ.get("COLLECTOR_URL", "http://localhost:8000"),
    tenant_id=clerk_user_id,  # Same ID used in frontend
)

with llmobserve.section("feature:greeting"):
    response = OpenAI().chat.completions.create(
        model="gpt-4o-mini", messages=[{"role": "user", "content": "Say hello."}]
    )
print(response.choices[0].message.content)
