"""Real things for generated calls to work on, made when a call first needs them."""

import itertools
import random
from urllib.parse import urlsplit
from uuid import UUID

import requests

from project_client import JOB_SECONDS, TIMEOUT, ProjectCalls
from sample_files import png
from segment_client import SegmentAssets, SegmentClient
from server_process import wait_until

FLEX_DOCUMENT = 19914
SEGMENTS = {"project": 27665601, "flex": 27667801}
GUEST = "guest"

# Which things the gids of this name are, where the call does not tell otherwise.
GIDS = {
    "asset": "file file folder folder root",
    "assets": "file folder",
    "channel": "channel",
    "children": "folder",
    "exclude": "file",
    "expanded_assets": "root folder",
    "fieldlist": "fieldlist",
    "job": "job",
    "member": "owner guest",
    "members": "owner guest",
    "ordering": "ordering",
    "parent": "folder root",
    "project": "project",
    "queries": "query",
    "query": "query",
    "selection": "file folder",
    "user": "owner api_user",
}
GIDS_OF_CALL = {
    "assets/undelete asset": "deleted",
    "assets/permanent_delete asset": "deleted",
    "assets/bulk/undelete selection": "deleted",
    "assets/bulk/permanent_delete selection": "deleted",
    "assets/versions asset": "twice",
    "assets/revert asset": "twice",
    "assets/upload_update asset": "file",
    "assets/children asset": "folder root",
    "account/accept_invite project": "invitation",
    "account/decline_invite project": "invitation",
    "account/leave_project project": "membership",
    "projects/delete project": "own_project",
    "projects/undelete project": "deleted_project",
    "projects/permanent_delete project": "deleted_project",
    "projects/update project": "own_project",
    "apikeys/get user": "api_user",
    "jobs/cancel job": "waiting_job",
    "members/resend_invite user": "guest",
    "members/remove user": "api_user guest",
    "assets/metadata/clear asset": "described",
}
# Calls that would spoil the project for all others have one of their own in the path.
PROJECTS_OF_CALL = {
    "members/invite": "own_project",
    "members/resend_invite": "invitation",
    "members/remove": "membership",
    "backups/restore": "own_project",
    "languages/add": "own_project",
    "languages/remove": "own_project",
}
# The last words of calls that take away what they work on: it is made anew after them.
TAKING = {
    *("delete", "undelete", "permanent_delete", "clear", "move", "undo", "remove", "restore"),
    *("accept_invite", "decline_invite", "leave_project", "delete_icon", "delete_avatar"),
}
CONDITIONS = [
    {},
    *({"Range": value} for value in ("bytes=0-3", "bytes=-2", "bytes=99999-", "bytes=0-1,3-4", "lines=1")),
    *({"If-None-Match": "*"}, {"If-None-Match": '"x"'}, {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}),
]
PATHS = ["/", "/a folder", "/a folder/a file.png", "/reference", "a folder", "/nothing here"]
FILTERS = [
    [],
    ["type", "is", "image"],
    ["and", "", [["type", "is", "image"], ["not", "", ["name", "q", "+red -green"]], ["updated_on", "<", [3, "days"]]]],
    ["or", "", []],
    ["no such", "property", 5],
]
SEARCHES = [{"language": "en", "q": "+file"}, {"language": "nl", "filter": FILTERS[1]}, {"language": "en", "q": "x y"}]
# What texts, numbers, lists and objects of this name may be; each is put in for a value of its own type only.
VALUES = {
    "accountid": ["demo"],
    "cc_cursor": [0, 1],
    "created_by": ["a test"],
    "cursor": [0, 1],
    "description": [{"en": "A\ntext", "nl": ""}],
    "expanded_paths": PATHS,
    "filename": ["a file.png"],
    "filter": FILTERS,
    "language": ["en", "nl", "de"],
    "locale": ["en", "nl"],
    "maxsize": [1 << 20, 1],
    "options": ["width=9", "type=webp", "q=high", "nothing"],
    "metadata": [{"facts.size": {"type": "number", "value": 3}}],
    "name": ["a name", "Größe: 5 * 3/4"],
    "pathname": PATHS,
    "pathnames": PATHS,
    "q": ["file", '+file -"two words"', ""],
    "relativePath": ["images", ""],
    "search": SEARCHES,
    "segmentIds": [f"{first},{first + 1}" for first in SEGMENTS.values()],
    "timezone": ["Europe/Amsterdam", "UTC"],
    "title": [{"en": "A title"}, {"nl": "Een titel", "en": ""}],
    "transforms": [{}, {"rotate": 90}],
    "username_or_email": [GUEST],
    "value": [["x"], "x", 5],
}
# What the last part of a public address is.
MEDIA = {
    "/media/p-{project}/src/{file}": "public_file",
    "/media/p-{project}/t/{file}": "rendition",
    "/media/p-{project}/t/{file}/{rendition}": "transformed",
    "/media/s/{token}/{file}": "file",
}
VALUES_OF_CALL = {
    "assets/metadata/set name": ["facts.size"],
    "assets/metadata/clear name": ["facts.size"],
    "languages/remove language": ["nl", "fr"],
    "languages/add language": ["fr", "de"],
}


class Targets:
    def __init__(self, server):
        demo = server.demo
        self.server, self.demo, self.gid = server, demo, demo["project"]["gid"]
        self.owner = ProjectCalls.with_password(server.url, self.gid, demo["user"], demo["password"])
        self.key = ProjectCalls.with_key(server.url, self.gid, demo["project"]["apiKey"])
        made = server.command("user", "create", "--account", demo["account"], "--username", GUEST)
        server.command("member", "add", "--project", self.gid, "--user", GUEST, "--role", "contributor")
        self.guest = ProjectCalls.with_password(server.url, self.gid, GUEST, made["password"])
        self.guest_gid = made["gid"]
        self.manager = SegmentClient(server.url, demo["account"], demo["key"])
        self.worker = SegmentClient(server.url, demo["account"], demo["worker"]["key"])
        self._things = {}
        self._busy = set()  # projects in which jobs run

    # What is called

    def begin(self, operation, seed):
        """From now on it is this operation that is called."""
        self._wait_for_jobs()
        self.path, self.random = operation.path, random.Random(f"{seed} {operation.label}")
        self.call = operation.path.removeprefix("/api/").removeprefix("p/{project}/")
        self.is_flex = "wbflex" in operation.path
        definition = operation.definition.raw
        self._schemes = [name for entry in definition.get("security", []) for name in entry]
        self._is_download = "206" in definition["responses"]
        self._cases = itertools.count()
        self._things.clear()

    def project(self):
        """The gid of the project in the path."""
        return self.thing(PROJECTS_OF_CALL.get(self.call, "project"))

    def after(self, answer):
        """Notes what an answer says about the things."""
        if answer.status_code < 300:
            if self.path.startswith("/api/p/") and b'"job.token"' in answer.content:
                self._busy.add(urlsplit(answer.request.url).path.split("/")[3])
            if self.call.split("/")[-1] in TAKING or answer.request.method == "DELETE":
                self._things.clear()

    # Cases

    def prepare(self, case):
        """Puts real things in the places of generated values, and adds the headers of somebody.

        Of six cases in a row four get real things wherever that can be. In the others it is left to chance, and whoever
        calls may have no token, or nonsense instead of one.
        """
        number = next(self._cases) % 6
        self._is_by_chance = number in (2, 5)
        self._things.pop("waiting_job", None)  # it does not wait for long
        for parameters in (case.path_parameters, case.query):
            for name in list(parameters or {}):
                parameters[name] = self._parameter(parameters[name], name)
        if isinstance(case.body, dict):
            case.body = self._replaced(case.body, "")
            for name in ("upload_file", "file"):
                if name in case.body and case.media_type == "multipart/form-data" and self._is_lucky():
                    case.body[name] = png()
        if "jwt" in self._schemes:
            case.headers.update(self._jwt(number))
        elif self._schemes:
            case.headers.update(self._session())
        if self._is_download:
            case.headers.update(self.random.choice(CONDITIONS))

    def _jwt(self, number):
        if self._is_by_chance and self.random.random() < 0.4:
            nonsense = ["", "Bearer", "Bearer x", f"Bearer {self.key.token[:-3]}", "Basic ZGVtbzp4"]
            return self.random.choice([{}, {"Authorization": self.random.choice(nonsense)}])
        if self.call.startswith("account/"):
            caller = self.guest
        elif self.call == "members/remove" or not (self._is_by_chance or number == 4):
            caller = self.owner
        else:
            caller = self.random.choice([self.key, self.guest])
        return {"Authorization": f"Bearer {caller.token}"}

    def _session(self):
        if self._is_by_chance and self.random.random() < 0.4:
            return self.random.choice([{}, {"X-Auth-Token": "nonsense", "X-Auth-AccountId": "demo"}])
        if self.path == "/api/auth/token":
            return self.thing("session")
        return (self.worker if self._is_by_chance else self.manager).auth_headers

    # Generated values

    def _parameter(self, value, name):
        if name == "project":
            return self.project() if is_gid(value) and (self._is_lucky() or self._is_lucky()) else value
        values = self._values(name)
        return self.random.choice(values) if values and self._is_lucky() else value

    def _replaced(self, value, name):
        if is_gid(value):
            kinds = GIDS_OF_CALL.get(f"{self.call} {name}", GIDS.get(name))
            if kinds and self._is_lucky():
                return self.thing(self.random.choice(kinds.split()))
            return str(UUID(int=self.random.getrandbits(128), version=4)) if self._is_lucky() else value
        fitting = [other for other in self._values(name) if type(other) is type(value)]
        if fitting and self._is_lucky():
            return self.random.choice(fitting)
        if isinstance(value, list):
            return [self._replaced(element, name) for element in value]
        if isinstance(value, dict):
            return {key: self._replaced(element, key) for key, element in value.items()}
        return value

    def _is_lucky(self):
        return not self._is_by_chance or self.random.random() < 0.5

    def _values(self, name):
        if name in self.MADE_VALUES:
            return self.MADE_VALUES[name](self)
        return VALUES_OF_CALL.get(f"{self.call} {name}", VALUES.get(name, []))

    MADE_VALUES = {
        "username": lambda self: [self.demo["user"]] if self.call.endswith("login") else [],
        "password": lambda self: [self.demo["password"]] if self.call.endswith("login") else [],
        "api_key": lambda self: [self.demo["project"]["apiKey"]],
        "key": lambda self: [self.demo["key"]],
        "scope": lambda self: [f"pr{self.demo['project']['number']}", "jbs773"],
        "id": lambda self: [str(FLEX_DOCUMENT)],
        "segmentid": lambda self: [self.thing("segment")],
        "token": lambda self: [self.thing("signed" if self.path.startswith("/media/") else "media_token")],
        "filetoken": lambda self: [self.thing("media_token")],
        "file": lambda self: [self.thing(MEDIA.get(self.path, "picture"))] if self.path.startswith("/media/") else [],
        "rendition": lambda self: [self.thing("rendition").rpartition("/")[2]],
        "storage": lambda self: [f"{self.thing('file')}~1.png"],
        "v": lambda self: ["1" if "/src/" in self.path else self.thing("revision")],
        "wait": lambda self: [0],
        "version": lambda self: [self.thing("backup")] if self.call.startswith("backups/") else [1, 2],
        "versions": lambda self: [[self.thing("backup")]],
    }

    # Things

    def thing(self, kind):
        if kind not in self._things:
            self._wait_for_jobs()
            self._things[kind] = getattr(self, f"_make_{kind}")()
        return self._things[kind]

    def _wait_for_jobs(self):
        def is_idle(project):
            jobs = self.owner.result(f"/api/p/{project}/jobs/list", {"page.size": 1000})["jobs"]
            return all(job["status"] in ("done", "rejected") for job in jobs)

        while self._busy:
            project = self._busy.pop()
            wait_until(lambda: is_idle(project), JOB_SECONDS, "the jobs are done")

    def _in_project(self, path, body):
        return self.owner.result(f"/api/p/{self.project()}/{path}", body)

    def _make_project(self):
        return self.gid

    def _make_root(self):
        return self.owner.result("assets/root")["root"]

    def _make_folder(self):
        return self.owner.result("assets/create", {"parent": self.thing("root"), "name": "a folder"})["asset"]

    def _make_file(self):
        return self.owner.upload(self.thing("folder"), "a file.png", png())

    def _make_twice(self):
        gid = self._make_file()
        files = {"upload_file": ("a file.png", png(3, 3))}
        return self.owner.result("assets/upload_update", data={"asset": gid}, files=files)["asset"]

    def _make_described(self):
        entry = {"asset": self._make_file(), "name": "facts.size", "type": "number", "value": 3}
        return self.owner.result("assets/metadata/set", entry)["asset"]

    def _make_deleted(self):
        return self.owner.result("assets/delete", {"asset": self._make_file()})["asset"]

    def _make_job(self):
        job = self.owner.result("assets/bulk/delete", {"selection": [self.thing("file")]})["job.token"]
        self._busy.add(self.gid)
        return job

    def _make_waiting_job(self):
        return [self._make_job() for _ in range(4)][-1]

    def _make_query(self):
        return self.owner.result("queries/create", {"type": "asset", "name": "a query"})["query"]

    def _make_channel(self):
        return self.owner.result("channels/create", {"name": "a channel"})["channel"]

    def _make_ordering(self):
        return self.owner.result("orderings/create", {"name": "an ordering"})["ordering"]

    def _make_fieldlist(self):
        return self.owner.result("fieldlists/create", {"name": "a fieldlist"})["fieldlist"]

    def _make_backup(self):
        version = self._in_project("backups/create", {"created_by": "a test"})["version"]
        self._busy.add(self.project())
        self._wait_for_jobs()
        return version

    def _make_owner(self):
        return self.owner.result("init")["user"]

    def _make_guest(self):
        return self.guest_gid

    def _make_api_user(self):
        return self._in_project("apikeys/create", {"name": "a key"})["user"]

    def _make_own_project(self):
        return self.owner.result("/api/projects/create", {"name": "own"})["project"]

    def _make_deleted_project(self):
        return self.owner.result("/api/projects/delete", {"project": self._make_own_project()})["project"]

    def _make_invitation(self):
        gid = self._make_own_project()
        self.owner.result(f"/api/p/{gid}/members/invite", {"username_or_email": GUEST})
        return gid

    def _make_membership(self):
        return self.guest.result("/api/account/accept_invite", {"project": self._make_invitation()})["project"]

    def _make_segment(self):
        kind = "flex" if self.is_flex else "project"
        options = {"flex": FLEX_DOCUMENT} if self.is_flex else {"scope": f"pr{self.demo['project']['number']}"}
        SegmentAssets(self.manager, **options).upload(SEGMENTS[kind], "a file.png", png(), locale="en")
        return SEGMENTS[kind]

    def _make_media_token(self):
        return self.manager.media_token("a file.png", png())

    def _make_session(self):
        return SegmentClient(self.server.url, self.demo["account"], self.demo["key"]).auth_headers

    def _make_public_file(self):
        return self._dam("publish")["public_url"].rpartition("/")[2]

    def _make_transformed(self):
        """The source of a rendition."""
        self.thing("rendition")
        return self.thing("file")

    def _make_rendition(self):
        return self._dam("transform")["public_url"].rpartition("/")[2]

    def _make_revision(self):
        return self._dam("transform")["versioned_url"].rpartition("=")[2]

    def _dam(self, call):
        url = f"{self.server.url}/dam/p/{self.gid}/{call}/{self.thing('file')}~1.png"
        answer = requests.get(url, headers={"Authorization": f"Bearer {self.owner.token}"}, timeout=TIMEOUT)
        return answer.json()["result"]

    def _make_signed(self):
        return self.owner.result("assets/sign", {"asset": self.thing("file")})["url"].split("/")[-2]

    def _make_picture(self):
        files = {"upload_file": ("a picture.png", png())}
        if "avatars" in self.path:
            return f"{self.owner.result('/api/account/upload_avatar', files=files)['user']}.png"
        project = self.owner.result("/api/projects/upload_icon", data={"project": self.gid}, files=files)["project"]
        return f"{project}.png"


def is_gid(value):
    try:
        return isinstance(value, str) and str(UUID(value)) == value.lower()
    except ValueError:
        return False
