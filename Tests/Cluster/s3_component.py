"""What all S3 servers of the tests have in common: an address, keys, and a plain client to look behind the scenes with."""

import boto3
from botocore.config import Config


class S3Server:
    """A server at `port`. What it holds outlives `stop` and `start` when the server keeps it on disk."""

    access_key = secret_key = region = None
    process = None  # the one that answers at `port`

    @property
    def endpoint(self):
        return self.endpoint_at(self.port)

    @staticmethod
    def endpoint_at(port):
        return f"http://127.0.0.1:{port}"

    def blobs(self, bucket, prefix="", port=None):
        """For `--blobs`; through another port than its own, such as one of a proxy."""
        place = f"{bucket}/{prefix}" if prefix else bucket
        return f"s3://{place}?endpoint={self.endpoint_at(port or self.port)}&region={self.region}&addressing=path"

    @property
    def environment(self):
        return {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret_key}

    def client(self, port=None, **options):
        """boto3, with no patience: what fails, fails."""
        settings = {"s3": {"addressing_style": "path"}, "retries": {"max_attempts": 0}, **options}
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint_at(port or self.port),
            region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(**settings),
        )

    def make_bucket(self, bucket):
        self.client().create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": self.region})

    def keys(self, bucket, prefix=""):
        """All objects of a bucket: {key: size}."""
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", [])}

    def unfinished(self, bucket):
        """Multipart uploads that were neither completed nor aborted."""
        return self.client().list_multipart_uploads(Bucket=bucket).get("Uploads", [])

    def start(self):
        raise NotImplementedError

    def stop(self):
        self.process.stop()

    def kill(self):
        self.process.kill()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()
