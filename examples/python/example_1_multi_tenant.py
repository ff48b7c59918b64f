"""Example 1 of the guide: every customer who logs in sees its own cost dashboard.

Run it against `make up`; the URL and the OpenAI client come from the environment.
"""

import os
from types import SimpleNamespace

from openai import OpenAI

import llmobserve
from llmobserve import set_customer_id

openai_client = OpenAI()


def get_logged_in_user():
    """Stands for your authentication."""
    return SimpleNamespace(id="user_abc123", api_key=os.environ.get("USER_API_KEY"))


# During user login/session initialization
def initialize_for_tenant(logged_in_user):
    # Each logged-in user becomes a tenant
    llmobserve.observe(
        collector_url=os.environ.get("COLLECTOR_URL", "http://localhost:8000"),
        tenant_id=logged_in_user.id,  # Use Clerk user ID or your user ID
        api_key=logged_in_user.api_key,  # Optional: tenant-specific API key
    )


# Example: User "acme_corp" logs in
user = get_logged_in_user()  # user.id = "user_abc123"
initialize_for_tenant(user)

# Now all their API calls are tagged with tenant_id="user_abc123"
response = openai_client.chat.completions.create(
    model="gpt-4o-mini", messages=[{"role": "user", "content": "Say hello."}]
)

# Optional: They can track their own end-customers
set_customer_id("end_user_42")
response = openai_client.chat.completions.create(
    model="gpt-4o-mini", messages=[{"role": "user", "content": "Say hello to end_user_42."}]
)
print(response.choices[0].message.content)
