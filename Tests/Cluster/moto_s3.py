"""moto: an S3 server in memory, quick to start. `with MotoS3(folder) as s3: s3.blobs("bucket")`."""

import sys

from component import Process, free_port
from s3_component import S3Server


class MotoS3(S3Server):
    access_key, secret_key, region = "stockroom", "stockroom-secret", "eu-west-1"

    def __init__(self, folder):
        self.port = free_port()
        self.process = Process(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", self.port],
            self.port,
            folder,
            # It would look for real machines' metadata at start otherwise.
            environment={"MOTO_EC2_LOAD_DEFAULT_AMIS": "false", "PYTHONWARNINGS": "ignore"},
        )

    def start(self):
        self.process.start()
        return self
