#!/usr/bin/env python3
"""An S3 server for tests (moto), on a free port of 127.0.0.1, with a bucket `stockroom`. It checks signatures and rights.

`s3_server.py COMMAND …` runs a command while it serves, with its address and credentials in the environment:
STOCKROOM_TEST_S3, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY. The exit code is the command's."""

import json
import logging
import os
import subprocess
import sys

BUCKET = "stockroom"
REGION = "us-east-1"
RIGHTS = [
    *("s3:CreateBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"),
    *("s3:AbortMultipartUpload", "s3:ListBucketMultipartUploads", "s3:ListMultipartUploadParts"),
]
SERVE = "--serve"
UNSIGNED = "--unsigned"


def client(url, credentials, service):
    import boto3

    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=credentials["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=credentials["AWS_SECRET_ACCESS_KEY"],
    )


class S3Server:
    """A process of its own, which ends with this one.

    Presigned URLs need `checks_signatures=False`, because moto looks for signatures in headers alone."""

    def __init__(self, checks_signatures=True, python=sys.executable):
        command = [python, __file__, SERVE] + ([] if checks_signatures else [UNSIGNED])
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        line = self._process.stdout.readline()
        assert line, "the S3 server did not start"
        self.url, self.credentials = json.loads(line)

    def client(self, service):
        return client(self.url, self.credentials, service)

    def blobs(self, prefix, **options):
        """The URL for `--blobs`."""
        query = "".join(f"&{name}={value}" for name, value in options.items())
        return f"s3://{BUCKET}/{prefix}?endpoint={self.url}&region={REGION}{query}"

    def stop(self):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def serve(checks_signatures):
    # Parts of 64 KiB are enough for tests; read when moto is imported.
    os.environ.setdefault("S3_UPLOAD_PART_MIN_SIZE", str(64 << 10))
    from moto import settings
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "the-secret-of-test"}
    client(url, credentials, "s3").create_bucket(Bucket=BUCKET)
    if checks_signatures:
        iam = client(url, credentials, "iam")
        iam.create_user(UserName="stockroom")
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": RIGHTS, "Resource": "*"}]}
        iam.put_user_policy(UserName="stockroom", PolicyName="rights", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName="stockroom")["AccessKey"]
        credentials = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
        settings.INITIAL_NO_AUTH_ACTION_COUNT = 0  # from now on
    print(json.dumps([url, credentials]), flush=True)
    sys.stdin.read()  # ends with the process that started this one
    os._exit(0)


def main(command):
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"
    if command[:1] == [SERVE]:
        return serve(checks_signatures=UNSIGNED not in command)
    server = S3Server()
    environment = {**os.environ, **server.credentials, "STOCKROOM_TEST_S3": server.blobs("")}
    environment.pop("AWS_SESSION_TOKEN", None)
    code = subprocess.run(command, env=environment).returncode
    server.stop()
    sys.exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main(sys.argv[1:])
