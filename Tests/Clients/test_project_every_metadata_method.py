"""Metadata of assets with the Python client: every type, localized and not, set, changed and cleared."""

import pytest
from unicat.utils import gid as new_gid

from every_method import covers
from project_client import assert_fails
from sample_files import png

FIELD = "UnicatMetadataField: type is_localized value"

# type: (a value, another one, what another language gets when only one is given)
VALUES = {
    "text": ("two\nlines", "ünï ¶", ""),
    "textline": ("one line", "ünï ¶", ""),
    "textlist": (["one", "two"], [], []),
    "number": (12, -9007199254740991, None),
    "decimal": (0.125, -2, None),
    "boolean": (True, False, False),
}

# type, given, stored: a value that does not fit is made to fit, and never refused
COERCED = [
    ("text", 5, "5"),
    ("textline", 5, "5"),
    ("textlist", "one\ntwo", ["one", "two"]),
    ("textlist", [1, "two"], ["1", "two"]),
    ("number", "12", 12),
    ("number", 12.0, 12),
    ("decimal", "1.5", 1.5),
    ("decimal", 3, 3),
    ("boolean", "true", True),
    ("boolean", "false", False),
    ("boolean", 1, True),
    ("boolean", 0, False),
    ("number", "not a number", None),
    ("decimal", "not a number", None),
    ("image", "no gid", None),
    ("fieldpicker", "no gid", None),
]


@pytest.fixture
def file(upload):
    return upload("file.png", png())


@pytest.fixture
def seen(new_client, file):
    """The metadata of the file as a second client sees it now."""
    return lambda: new_client().get_asset(file.gid).metadata


@covers("mutate: update_asset_set_metadata", "UnicatAsset: metadata", "UnicatMetadataField: name", FIELD)
@pytest.mark.parametrize("type", VALUES)
def test_values_that_are_not_localized(client, file, seen, type):
    for value in VALUES[type][:2]:
        answer = client.mutate.update_asset_set_metadata(file, "a.value", type=type, is_localized=False, value=value)
        assert answer.gid == file.gid and answer.metadata["a.value"].value == value
        (field,) = seen().values()
        assert (field.name, field.type, field.is_localized) == ("a.value", type, False)
        assert field.value == value and isinstance(field.value, bool) == isinstance(value, bool)


@covers("mutate: update_asset_set_metadata", "UnicatAsset: metadata", FIELD)
@pytest.mark.parametrize("type", VALUES)
def test_localized_values(client, file, seen, type):
    value, other, empty = VALUES[type]
    both = {"en": value, "nl": other}
    client.mutate.update_asset_set_metadata(file, "a.value", type=type, is_localized=True, value=both)
    unfit = {"nl": value, "xx": other}
    client.mutate.update_asset_set_metadata(file, "b.value", type=type, is_localized=True, value=unfit)
    a, b = (seen()[name] for name in ("a.value", "b.value"))
    assert (a.type, a.is_localized, a.value) == (type, True, both)
    assert (b.type, b.is_localized, b.value) == (type, True, {"en": empty, "nl": value}), "the project's languages"


@covers("mutate: update_asset_set_metadata", FIELD)
def test_references_to_assets(client, upload, file, seen):
    icon, photo = upload("icon.png", png(1, 1)), upload("photo.png", png(3, 3))
    client.mutate.update_asset_set_metadata(file, "an.icon", type="image", value=icon.gid)
    both = {"en": icon.gid, "nl": None}
    client.mutate.update_asset_set_metadata(file, "all.icons", type="image", is_localized=True, value=both)
    metadata = seen()
    assert metadata["an.icon"].type == "image" and metadata["an.icon"].is_localized is False
    assert metadata["an.icon"].value.pathname == icon.pathname
    icons = metadata["all.icons"]
    assert icons.is_localized is True and set(icons.value) == {"en", "nl"}
    assert icons.value["en"].gid == icon.gid and icons.value["nl"] is None

    client.mutate.update_asset_set_metadata(file, "an.icon", value=photo.gid)
    assert seen()["an.icon"].value.gid == photo.gid


@covers("mutate: update_asset_set_metadata", FIELD)
def test_references_to_fields(client, file, seen):
    """There are no fields here, so that the client finds none; the type is kept all the same."""
    both = {"en": new_gid(), "nl": None}
    client.mutate.update_asset_set_metadata(file, "a.field", type="fieldpicker", value=new_gid())
    client.mutate.update_asset_set_metadata(file, "all.fields", type="fieldpicker", is_localized=True, value=both)
    a, b = (seen()[name] for name in ("a.field", "all.fields"))
    assert (a.type, a.is_localized, a.value) == ("fieldpicker", False, None)
    assert (b.type, b.is_localized, b.value) == ("fieldpicker", True, {"en": None, "nl": None})


@covers("mutate: update_asset_set_metadata", "UnicatMetadataField: value")
@pytest.mark.parametrize("type, given, stored", COERCED, ids=str)
def test_coercion(client, file, seen, type, given, stored):
    client.mutate.update_asset_set_metadata(file, "a.value", type=type, value=given)
    both = {"en": given, "nl": given}
    client.mutate.update_asset_set_metadata(file, "b.value", type=type, is_localized=True, value=both)
    metadata = seen()
    for value in (metadata["a.value"].value, *metadata["b.value"].value.values()):
        assert value == stored and isinstance(value, bool) == isinstance(stored, bool)


@covers("mutate: update_asset_set_metadata", FIELD)
def test_values_that_only_nearly_fit(client, file, seen):
    client.mutate.update_asset_set_metadata(file, "a.line", type="textline", value="two\nlines")
    client.mutate.update_asset_set_metadata(file, "a.number", type="number", value=12.7)
    client.mutate.update_asset_set_metadata(file, "a.title", is_localized=True, value="for all")
    metadata = seen()
    assert "\n" not in metadata["a.line"].value and metadata["a.line"].value.startswith("two")
    assert type(metadata["a.number"].value) is int and metadata["a.number"].value in (12, 13)
    assert metadata["a.title"].is_localized is True and set(metadata["a.title"].value) == {"en", "nl"}
    assert all(isinstance(value, str) for value in metadata["a.title"].value.values())


@covers("mutate: update_asset_set_metadata", FIELD)
def test_what_is_left_out(client, file, seen):
    """At first there are defaults; later what was set before stays."""
    client.mutate.update_asset_set_metadata(file, "the.default")
    field = seen()["the.default"]
    assert (field.type, field.is_localized, field.value) == ("textline", False, "")

    both = {"en": "1", "nl": "2"}
    client.mutate.update_asset_set_metadata(file, "a.text", type="text", is_localized=True, value=both)
    client.mutate.update_asset_set_metadata(file, "a.text", value={"nl": "3\n4"})
    field = seen()["a.text"]
    assert (field.type, field.is_localized, field.value["nl"]) == ("text", True, "3\n4")
    client.mutate.update_asset_set_metadata(file, "a.number", type="number", value=5)
    client.mutate.update_asset_set_metadata(file, "a.number", is_localized=False)
    field = seen()["a.number"]
    assert (field.type, field.is_localized, field.value) == ("number", False, 5)


@covers("mutate: update_asset_set_metadata update_asset_clear_metadata", "UnicatAsset: metadata updated_on")
def test_clearing(client, file, seen):
    for name in ("first.name", "second.name"):
        client.mutate.update_asset_set_metadata(file, name, value=name)
    before = client.get_asset(file.gid, force=True)
    answer = client.mutate.update_asset_clear_metadata(file, "first.name")
    assert answer.gid == file.gid and set(answer.metadata) == set(seen()) == {"second.name"}
    assert answer.updated_on >= before.updated_on > file.created_on

    unchanged = client.mutate.update_asset_clear_metadata(file, "never.set")
    assert unchanged._data == answer._data
    client.mutate.update_asset_clear_metadata(file, "second.name")
    assert seen() == {}
    assert client.mutate.update_asset_set_metadata(file, "first.name").metadata["first.name"].value == "", "anew"


@covers("mutate: update_asset_set_metadata update_asset_clear_metadata")
@pytest.mark.parametrize("name", ["", "nodot", ".a.b", "a.b.", "a..b", "1a.b", "a b.c", "a.ü", "a/b.c"])
def test_bad_names(client, file, seen, name):
    assert_fails(400, client.mutate.update_asset_set_metadata, file, name)
    assert_fails(400, client.mutate.update_asset_clear_metadata, file, name)
    assert seen() == {}


@covers("mutate: update_asset_set_metadata")
def test_names_and_assets(client, folder, file, seen):
    names = ["a.b", "a.1", "_a._b", "A.b", "a_b.c.d.e"]
    for name in names:
        client.mutate.update_asset_set_metadata(file, name, value=name)
    assert {name: field.value for name, field in seen().items()} == {name: name for name in names}

    assert client.mutate.update_asset_set_metadata(folder, "of.folder", value="x").metadata["of.folder"].value == "x"
    gone = client.mutate.create_asset(folder, "gone")
    client.mutate.permanent_delete_asset(client.mutate.delete_asset(gone))
    assert_fails(422, client.mutate.update_asset_set_metadata, gone, "a.b")
    assert_fails(400, client.mutate.update_asset_set_metadata, file, "a.b", type="colour", value="red")
    assert seen()["a.b"].value == "a.b"


@covers("mutate: update_asset update_asset_set_metadata", "UnicatAsset: metadata", FIELD)
def test_metadata_along_with_other_properties(client, upload, file, seen):
    """`update_asset` takes entries as JSON, and as another asset's fields; what it does not name stays."""
    icon, source = upload("icon.png", png()), upload("source.txt")
    client.mutate.update_asset_set_metadata(source, "an.icon", type="image", value=icon.gid)
    client.mutate.update_asset_set_metadata(source, "a.title", is_localized=True, value={"en": "red", "nl": "rood"})
    client.mutate.update_asset_set_metadata(file, "a.note", type="text", value="stays")
    client.mutate.update_asset_set_metadata(file, "a.title", value="is replaced")

    entry = {"type": "number", "is_localized": False, "value": 7}
    copied = client.get_asset(source.gid, force=True).metadata
    updated = client.mutate.update_asset(file, title={"en": "t"}, metadata={**copied, "a.count": entry})
    assert updated.title == {"en": "t", "nl": ""}
    metadata = seen()
    assert set(metadata) == {"an.icon", "a.title", "a.note", "a.count"}
    assert metadata["an.icon"].type == "image" and metadata["an.icon"].value.gid == icon.gid
    assert metadata["a.title"].is_localized is True and metadata["a.title"].value == {"en": "red", "nl": "rood"}
    assert (metadata["a.note"].type, metadata["a.note"].value) == ("text", "stays")
    assert (metadata["a.count"].type, metadata["a.count"].value) == ("number", 7)
    assert_fails(400, client.mutate.update_asset, file, metadata={"nodot": entry})
