"""Files of a segment, in the segment dialect."""

from urllib.parse import quote

from project import MULTIPART, file_part

SEGMENT = "/api/resources/assets/27665601?scope=pr7214"


def store(connection, name, content):
    """Puts a file into the segment; returns the path to download it from."""
    answer, _, _ = connection.call("POST", "/api/media/upload", file_part("file", name, content), MULTIPART)
    return attach(connection, name, answer)


def attach(connection, name, uploaded):
    """Puts what was uploaded into the segment, by the answer of the upload."""
    connection.call("POST", SEGMENT, {"filetoken": uploaded["result"]["token"]})
    return f"{SEGMENT}&filename={quote(name)}"
