"""Amazon's library, which has no asynchronous one."""

from . import plain


class Boto3:
    provider, path = "bedrock", "/model/us.amazon.nova-lite-v1%3A0/converse"
    model = "us.amazon.nova-lite-v1:0"

    def __init__(self, url):
        import boto3
        from botocore.config import Config
        from botocore.exceptions import ClientError

        self.client = boto3.client(
            "bedrock-runtime",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="k",
            aws_secret_access_key="s",
            config=Config(retries={"total_max_attempts": 1}),
        )
        self.error = ClientError
        messages = [{"role": "user", "content": [{"text": "Hello"}]}]
        self.arguments = {"modelId": self.model, "messages": messages}

    def whole(self):
        return plain(self.client.converse(**self.arguments))

    def stream(self):
        return list(self.client.converse_stream(**self.arguments)["stream"])

    fixtures = ("bedrock_converse.json", "bedrock_converse.stream")
    counts = (1260, 25)
