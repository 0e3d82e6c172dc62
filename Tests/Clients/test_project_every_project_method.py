"""The project and its languages, channels, orderings, fieldlists, members and users, with the Python client."""

import pytest
from unicat.utils import DuckObject, maybe_gid
from unicat.utils import gid as new_gid

from every_method import covers
from project_client import assert_fails
from server_process import wait_until


@pytest.fixture
def new_client(own_project):
    return own_project.client


@covers("UnicatProject: gid name icon status owner languages default_language backups get_backup")
@covers("UnicatProject: channels orderings fieldlists default_channel default_ordering default_fieldlist")
@covers("UnicatProject: channel_name ordering_name fieldlist_name", "UnicatUser: gid username name avatar")
def test_a_new_project(own_project, client):
    project = client.project
    assert (project.gid, project.name, project.icon, project.status) == (own_project.gid, "Own", None, "active")
    assert project.languages == ["en", "nl"] and project.default_language == "en"
    assert maybe_gid(project.owner.gid) and project.owner.username == "demo"
    assert isinstance(project.owner.name, str) and project.owner.avatar is None
    assert project.backups == [] and project.get_backup(0) is None and project.get_backup(1) is None

    assert project.channels["[all records]"] == "__all__" and len(project.channels) == 2
    assert project.default_channel in project.channels.values() and maybe_gid(project.default_channel)
    assert list(project.orderings.values()) == [project.default_ordering] and maybe_gid(project.default_ordering)
    assert list(project.fieldlists.values()) == [project.default_fieldlist] and maybe_gid(project.default_fieldlist)
    for names, name_of in (
        (project.channels, project.channel_name),
        (project.orderings, project.ordering_name),
        (project.fieldlists, project.fieldlist_name),
    ):
        assert {name_of(gid): gid for gid in names.values()} == names and all(names)


# Members and users


@covers("Unicat: project", "UnicatProject: members owner", "UnicatUser: gid username name avatar")
@covers("UnicatProjectMember: project user status roles options key", "UnicatApi: project_member_key init")
def test_members(own_project, client):
    success, result = client.api.init()
    assert success and set(result["project_members"]) == {result["user"], client.project.owner.gid}
    members = {member.user.gid: member for member in client.project.members}
    assert set(members) == set(result["project_members"]) and len(client.project.members) == 2

    mine = members[result["user"]]
    assert mine.project.gid == own_project.gid and mine.project.name == "Own"
    assert (mine.status, mine.roles) == ("active", ["api"]) and isinstance(mine.options, dict)
    assert mine.key == f"{own_project.gid}/{result['user']}" and mine.key in client.projects_members
    assert mine.user.username is None and mine.user.avatar is None and mine.user.name == "own"

    owner = members[client.project.owner.gid]
    assert (owner.status, owner.roles, owner.user.username) == ("active", ["owner"], "demo")
    assert owner.key == client.api.project_member_key({"project_gid": own_project.gid, "user_gid": owner.user.gid})


@covers("Unicat: sync", "UnicatProject: members", "UnicatUser: username name")
@covers("UnicatProjectMember: user roles status key")
def test_clients_hear_of_members_that_come_and_go(server, own_project, client):
    name = f"newcomer-{own_project.gid[:8]}"
    server.command("user", "create", "--account", server.demo["account"], "--username", name, "--name", "New Comer")

    def newcomers():
        client.sync()
        return [member for member in client.project.members if member.user.username == name]

    assert newcomers() == []
    server.command("member", "add", "--project", own_project.gid, "--user", name, "--role", "member")
    (member,) = wait_until(newcomers, 5, "the new member is heard of")
    assert (member.roles, member.status, member.user.name) == (["member"], "active", "New Comer")
    assert {member.key for member in own_project.client().project.members} == {m.key for m in client.project.members}

    server.command("member", "remove", "--project", own_project.gid, "--user", name)
    wait_until(lambda: not newcomers(), 5, "the member has gone")
    assert member.key not in own_project.client().projects_members


# Languages


@covers("mutate: add_language remove_language", "UnicatProject: languages default_language", "Unicat: sync")
def test_adding_and_removing_a_language(own_project, client):
    reader = own_project.client()
    assert client.mutate.add_language("de") is True
    assert client.project.languages == ["en", "nl", "de"] and client.project.default_language == "en"
    assert reader.project.languages == ["en", "nl"]
    assert reader.sync() is True and reader.project.languages == ["en", "nl", "de"]
    assert own_project.client().project.languages == ["en", "nl", "de"]

    assert client.mutate.remove_language("nl") is True
    assert client.project.languages == ["en", "de"]
    reader.sync()
    assert reader.project.languages == own_project.client().project.languages == ["en", "de"]

    assert_fails((400, 422), client.mutate.add_language, "no such language")
    assert_fails((400, 422), client.mutate.remove_language, "fr")
    client.mutate.remove_language("de")
    assert_fails((400, 422), client.mutate.remove_language, "en")
    assert own_project.client().project.languages == ["en"], "a project has at least one"


@covers("mutate: add_language remove_language update_asset create_asset", "UnicatAsset: title description metadata")
def test_localized_values_follow_the_languages(own_project, client, upload):
    file = upload("file.txt")
    folder = client.mutate.create_asset(client.get_root_asset(), "folder")
    client.mutate.update_asset(file, title={"en": "red", "nl": "rood"}, description={"nl": "een kleur"})
    client.mutate.update_asset(folder, title={"en": "colours"})
    entries = {
        "a.title": {"type": "textline", "is_localized": True, "value": {"en": "warm", "nl": "heet"}},
        "a.number": {"type": "number", "is_localized": True, "value": {"en": 1, "nl": 2}},
        "a.note": {"type": "text", "is_localized": False, "value": "plain"},
    }
    client.mutate.update_asset(file, metadata=entries)

    def seen(asset):
        asset = own_project.client().get_asset(asset.gid)
        return asset.title, asset.description, {name: field.value for name, field in asset.metadata.items()}

    # A new language begins with the values of the closest one: nl-be with those of nl, de with those of the default.
    client.mutate.add_language("nl-be")
    client.mutate.add_language("de")
    title, description, metadata = seen(file)
    assert title == {"en": "red", "nl": "rood", "nl-be": "rood", "de": "red"}
    assert description == {"en": "", "nl": "een kleur", "nl-be": "een kleur", "de": ""}
    assert metadata["a.title"] == {"en": "warm", "nl": "heet", "nl-be": "heet", "de": "warm"}
    assert metadata["a.number"] == {"en": 1, "nl": 2, "nl-be": 2, "de": 1} and metadata["a.note"] == "plain"
    assert seen(folder)[0] == {"en": "colours", "nl": "", "nl-be": "", "de": "colours"}
    assert seen(client.mutate.create_asset(folder, "new"))[0] == {"en": "", "nl": "", "nl-be": "", "de": ""}

    def found(language, q):
        return [asset.gid for _, asset in client.walk_asset_query(language, DuckObject(q=q, filter=[]))]

    assert found("nl-be", "+rood") == found("de", "+red") == [file.gid] and found("de", "+rood") == []

    # From then on they are independent of each other.
    client.mutate.update_asset(file, title={"nl": "paars", "de": "lila"})
    assert seen(file)[0] == {"en": "red", "nl": "paars", "nl-be": "rood", "de": "lila"}
    for language in ("de", "nl"):
        client.mutate.remove_language(language)
    title, description, metadata = seen(file)
    assert title == {"en": "red", "nl-be": "rood"} and description == {"en": "", "nl-be": "een kleur"}
    assert metadata["a.title"] == {"en": "warm", "nl-be": "heet"} and metadata["a.number"] == {"en": 1, "nl-be": 2}
    assert metadata["a.note"] == "plain"

    client.mutate.add_language("de")
    assert seen(file)[0] == {"en": "red", "nl-be": "rood", "de": "red"}, "nothing of what was removed comes back"
    assert found("de", "+lila") == [] and found("de", "+red") == [file.gid]


# Channels, orderings, fieldlists


@covers("mutate: create_channel delete_channel create_ordering delete_ordering create_fieldlist delete_fieldlist")
@covers("UnicatProject: channels orderings fieldlists channel_name ordering_name fieldlist_name", "Unicat: sync")
@covers("UnicatProject: default_channel default_ordering default_fieldlist")
def test_channels_orderings_and_fieldlists(own_project, client):
    reader = own_project.client()
    for kind in ("channel", "ordering", "fieldlist"):
        create, delete = getattr(client.mutate, f"create_{kind}"), getattr(client.mutate, f"delete_{kind}")

        def listed(seen_by):
            return getattr(seen_by.project, f"{kind}s")

        before, default = listed(client), getattr(client.project, f"default_{kind}")
        first, second = create(f"Großer {kind}"), create(f"second {kind}")
        assert maybe_gid(first) and maybe_gid(second) and first != second
        expected = {**before, f"Großer {kind}": first, f"second {kind}": second}
        assert listed(client) == expected and list(listed(client)) == list(expected), "new ones come last"
        assert getattr(client.project, f"{kind}_name")(first) == f"Großer {kind}"
        assert getattr(client.project, f"default_{kind}") == default
        assert listed(reader) == before and reader.sync() is True and listed(reader) == expected

        assert delete(first) is True
        del expected[f"Großer {kind}"]
        assert listed(client) == listed(own_project.client()) == expected
        assert reader.sync() is True and listed(reader) == expected
        assert_fails(422, delete, first)
        assert_fails(422, delete, new_gid())
        assert_fails(400, create, None)
        assert listed(own_project.client()) == expected
