"""Calls of the project dialect that several measurements make."""

from server import Connection, project_connection

BOUNDARY = "boundary-of-the-bench"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


class Project:
    """The demo project, over one connection."""

    def __init__(self, server):
        self.connection, self.base = project_connection(server)
        self.gid = server.demo["project"]["gid"]
        self.dam = self.base.replace("/api/", "/dam/")
        self.root = self.call("assets/root")["root"]
        self.url = server.url

    def copy_of_connection(self):
        return Connection(self.url, self.connection.headers)

    def post(self, name, body=None):
        """The whole answer of a call below the project, and how many seconds it took."""
        return self.connection.post(f"{self.base}/{name}", body or {})

    def call(self, name, body=None):
        return self.post(name, body)[0]["result"]

    def create(self, name, parent=None):
        """Makes a folder and returns its gid."""
        return self.call("assets/create", {"parent": parent or self.root, "name": name})["asset"]

    def upload(self, name, content, parent=None):
        """Returns the asset's gid."""
        path, body = f"{self.base}/assets/upload", upload_body(name, content, parent or self.root)
        envelope, _, _ = self.connection.call("POST", path, body, MULTIPART)
        return envelope["result"]["asset"]

    def cursors(self):
        """Where the two feeds end now, as parameters of `sync/get`."""
        result = self.connection.post("/sync/cursors", {"project": self.gid})[0]["result"]
        return {"cc_cursor": result["cc.cursor"], "project": self.gid, "cursor": result["cursor"]}


def upload_body(name, content, parent):
    """The multipart body of `assets/upload`."""
    field = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="parent"\r\n\r\n{parent}\r\n'
    return field.encode() + file_part("upload_file", name, content)


def file_part(field, name, content):
    """The last part of a multipart body: a file."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
