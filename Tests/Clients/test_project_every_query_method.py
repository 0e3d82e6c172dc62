"""Saved queries with the Python client, and searches with them."""

import pytest
from unicat.utils import DuckObject
from unicat.utils import gid as new_gid

from every_method import covers
from project_client import assert_fails
from sample_files import SVG, png

IMAGES = ["type", "is", "image"]
PEARS = {"pear red.png": png(), "pear green.svg": SVG, "pear brown.txt": b"brown", "apple red.png": png()}


@pytest.fixture
def new_client(own_project):
    """Queries belong to the project as a whole, and every client gets them all when it connects."""
    return own_project.client


@covers("mutate: create_query", "Unicat: get_query get_queries walk_queries", "UnicatQuery: gid type name q filter")
def test_creating(new_client, client):
    nested = ["and", "", [IMAGES, ["not", "", ["name", "q", "+red -green"]], ["updated_on", "<", [3, "days"]]]]
    made = [
        client.mutate.create_query("asset", name="Fotos für später", q='+red "two words"', filter=nested),
        client.mutate.create_query("asset", name="plain"),
        client.mutate.create_query("record", name="of records", filter=["is_committed", "is_true"]),
        client.mutate.create_query("schema", name="of the schema", q="x"),
    ]
    reader = new_client()
    seen = [reader.get_query(query.gid) for query in made]
    assert [query.gid for query in seen] == [query.gid for query in made]
    assert [(query.type, query.name, query.q, query.filter) for query in seen] == [
        ("asset", "Fotos für später", '+red "two words"', nested),
        ("asset", "plain", "", []),
        ("record", "of records", "", ["is_committed", "is_true"]),
        ("schema", "of the schema", "x", []),
    ]
    assert [query._data for query in seen] == [query._data for query in made]
    assert {query.gid for query in reader.walk_queries()} == {query.gid for query in made}
    found = reader.get_queries([made[1].gid, new_gid(), made[0].gid])
    assert [query.gid for query in found] == [made[1].gid, made[0].gid]
    assert reader.get_query("") is None and reader.get_query(new_gid()) is None and reader.get_queries([]) == []

    for type, name in ((None, "x"), ("asset", None), ("asset", "")):
        assert_fails(400, client.mutate.create_query, type, name=name)
    assert len(list(new_client().walk_queries())) == len(made)


@covers("Unicat: get_asset_query_by_name get_asset_queries_by_name get_record_query_by_name get_record_queries_by_name")
@covers("Unicat: get_schema_query_by_name get_schema_queries_by_name", "mutate: create_query")
def test_lookups_by_type_and_name(new_client, client):
    gids = {type: client.mutate.create_query(type, name="same").gid for type in ("asset", "record", "schema")}
    assert len(set(gids.values())) == 3, "one name, once for each type"
    gids["other"] = client.mutate.create_query("asset", name="other").gid
    reader = new_client()
    for type in ("asset", "record", "schema"):
        query = getattr(reader, f"get_{type}_query_by_name")("same")
        assert (query.gid, query.type, query.name) == (gids[type], type, "same")
        assert getattr(reader, f"get_{type}_query_by_name")("unknown") is None
        assert getattr(reader, f"get_{type}_query_by_name")("") is None
        found = getattr(reader, f"get_{type}_queries_by_name")(["same", "other"])
        assert found["same"].gid == gids[type]
        assert (found["other"] and found["other"].gid) == (gids["other"] if type == "asset" else None)
        assert getattr(reader, f"get_{type}_queries_by_name")([]) == {}


@covers("mutate: create_query update_query", "UnicatQuery: name q filter")
def test_updating(new_client, client):
    query = client.mutate.create_query("asset", name="a query", q="+red", filter=IMAGES)
    assert client.mutate.update_query(query, q="").q == "", "and nothing else"
    assert client.mutate.update_query(query, name="renamed").name == "renamed"
    seen = new_client().get_asset_query_by_name("renamed")
    assert (seen.gid, seen.q, seen.filter) == (query.gid, "", IMAGES)
    updated = client.mutate.update_query(query, name="renamed", q="+blue", filter=[])
    assert (updated.gid, updated.type, updated.name) == (query.gid, "asset", "renamed")
    seen = new_client().get_query(query.gid)
    assert (seen.name, seen.q, seen.filter) == ("renamed", "+blue", [])

    assert_fails(400, client.mutate.update_query, query)
    assert_fails(422, client.mutate.update_query, DuckObject(gid=new_gid()), name="x")
    assert new_client().get_query(query.gid)._data == seen._data


@covers("mutate: create_query update_query", "Unicat: walk_queries")
def test_a_taken_name_gets_a_serial_number(new_client, client):
    queries = [client.mutate.create_query("asset", name="fruit", q=str(number)) for number in range(3)]
    names = [query.name for query in queries]
    assert names[0] == "fruit" and len(set(names)) == 3
    assert all(name.startswith("fruit") and number in name for name, number in zip(names[1:], "23"))
    other = client.mutate.create_query("asset", name="vegetables")
    renamed = client.mutate.update_query(other, name="fruit")
    assert renamed.name.startswith("fruit") and renamed.name not in names

    seen = {query.name: query.gid for query in new_client().walk_queries()}
    assert seen == {query.name: query.gid for query in (*queries, renamed)}
    assert client.mutate.create_query("record", name="fruit").name == "fruit", "another type has its own names"


@covers("mutate: create_query delete_query", "Unicat: walk_queries get_query")
def test_deleting(new_client, client):
    gone, kept = (client.mutate.create_query("asset", name=name) for name in ("gone", "kept"))
    assert client.mutate.delete_query(gone) is True
    assert client.get_query(gone.gid) is None
    reader = new_client()
    assert [query.gid for query in reader.walk_queries()] == [kept.gid]
    assert reader.get_asset_query_by_name("gone") is None
    assert_fails(422, client.mutate.delete_query, gone)
    assert_fails(422, client.mutate.update_query, gone, name="x")
    assert client.mutate.create_query("asset", name="gone").name == "gone", "the name is free again"


@covers("Unicat: sync walk_queries get_query", "mutate: create_query update_query delete_query")
def test_other_clients_hear_of_it(new_client, client):
    known, gone = (client.mutate.create_query("asset", name=name) for name in ("known", "gone"))
    reader = new_client()
    made = client.mutate.create_query("asset", name="made", q="+red", filter=IMAGES)
    client.mutate.update_query(known, q="+new")
    client.mutate.delete_query(gone)
    assert {query.gid for query in reader.walk_queries()} == {known.gid, gone.gid}, "not yet"

    assert reader.sync() is True
    assert {query.gid for query in reader.walk_queries()} == {known.gid, made.gid}
    assert reader.get_query(made.gid)._data == made._data
    assert reader.get_query(known.gid).q == "+new"


@covers("Unicat: walk_asset_query get_asset_query_by_name", "mutate: create_query", "UnicatQuery: q filter")
def test_searching_with_a_saved_query(new_client, client, upload):
    files = {name: upload(name, content) for name, content in PEARS.items()}
    client.mutate.create_query("asset", name="images", q="+pear", filter=IMAGES)
    client.mutate.create_query("asset", name="not red", q="+pear -red")
    client.mutate.create_query("asset", name="nothing", q="+pear +nowhere", filter=IMAGES)

    reader = new_client()

    def found(name, language="en", **options):
        query = reader.get_asset_query_by_name(name)
        return list(reader.walk_asset_query(language, query, **options))

    images = found("images")
    assert sorted(asset.name for _, asset in images) == ["pear green.svg", "pear red.png"]
    assert {size for size, _ in images} == {2} and all(asset._data == files[asset.name]._data for _, asset in images)
    assert sorted(asset.name for _, asset in found("not red", "nl")) == ["pear brown.txt", "pear green.svg"]
    assert found("nothing") == []
    limited = found("not red", limit=1)
    assert len(limited) == 1 and limited[0][0] == 2


@covers("Unicat: walk_asset_query", "mutate: update_asset update_asset_set_metadata")
def test_searching_for_titles_descriptions_and_metadata(client, upload):
    file, other = upload("1.txt"), upload("2.txt")

    def found(language, q="", filter=()):
        walk = client.walk_asset_query(language, DuckObject(q=q, filter=list(filter)))
        return {asset.name for _, asset in walk}

    client.mutate.update_asset(file, title={"en": "A sunny garden", "nl": "Zonnige tuin"})
    client.mutate.update_asset(other, description={"en": "Nothing but sunflowers", "nl": "Alleen zonnebloemen"})
    client.mutate.update_asset_set_metadata(other, "group.code", value="EC000042")
    assert found("en", "+garden") == {"1.txt"} and found("nl", "+garden") == set(), "in the language that was asked for"
    assert found("nl", "+tuin") == {"1.txt"}
    assert found("en", "+sun") == {"1.txt", "2.txt"} and found("nl", "+zon") == {"1.txt", "2.txt"}
    assert found("en", "+sun -flower") == {"1.txt", "2.txt"} and found("en", "+sun -sunflowers") == {"1.txt"}
    assert found("en", "+EC000042") == {"2.txt"}
    assert found("en", filter=["title", "q", "+sunny"]) == {"1.txt"}
    assert found("en", filter=["description", "q", "+sunflowers"]) == {"2.txt"}

    client.mutate.update_asset(file, title={"en": "A dark cellar"})
    assert found("en", "+garden") == set() and found("en", "+cellar") == {"1.txt"}
    assert found("nl", "+tuin") == {"1.txt"}
    client.mutate.update_asset(file, name="3.txt")
    assert found("en", "+cellar") == {"3.txt"}
