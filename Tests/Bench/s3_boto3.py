"""`s3_boto3.py URL FILE` uploads a file with boto3, as it comes, and prints the seconds; `s3_boto3.py URL` removes all below the
prefix. The URL is one for `--blobs`."""

import os
import sys
import time
from urllib.parse import parse_qs, urlsplit

import boto3

os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
url = urlsplit(sys.argv[1])
options = {name: values[0] for name, values in parse_qs(url.query).items()}
bucket, prefix = url.netloc, url.path.strip("/")
client = boto3.client("s3", endpoint_url=options.get("endpoint"), region_name=options.get("region", "us-east-1"))

began = time.perf_counter()
if len(sys.argv) > 2:
    client.upload_file(sys.argv[2], bucket, f"{prefix}/boto3")
else:
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix}/"):
        for item in page.get("Contents", []):
            client.delete_object(Bucket=bucket, Key=item["Key"])
print(time.perf_counter() - began)
