"""Searching in the project dialect: the query walk of the real client, and pages of `bulk/get`."""

import pytest
from unicat.utils import DuckObject
from unicat.utils import gid as new_gid

from project_client import new_word, upload_many
from sample_files import SVG, png


def query(q="", filter=()):
    return DuckObject(q=q, filter=list(filter))


def names_found(client, q="", filter=(), language="en", limit=None):
    """The names that a query walk gives, in order, after a check of the count that comes along."""
    found = list(client.walk_asset_query(language, query(q, filter), limit=limit))
    if limit is None:
        assert all(size == len(found) for size, _ in found)
    return [asset.name for _, asset in found]


@pytest.fixture
def fruit(upload):
    """Files for the searches of one test: the word is in all their names."""
    word = new_word()
    for name, content in {
        f"{word} red apple.png": png(),
        f"{word} green apple.svg": SVG,
        f"{word} red cherry.txt": b"cherry",
        f"{word} applesauce.txt": b"sauce",
    }.items():
        upload(name, content)
    return word


def test_query_with_a_required_term(client, fruit):
    assert sorted(names_found(client, f"+{fruit}")) == [
        f"{fruit} applesauce.txt",
        f"{fruit} green apple.svg",
        f"{fruit} red apple.png",
        f"{fruit} red cherry.txt",
    ]
    assert sorted(names_found(client, f"+{fruit} +red")) == [f"{fruit} red apple.png", f"{fruit} red cherry.txt"]
    assert names_found(client, f"+{fruit} +nothinglikeit") == []


def test_query_matches_the_beginning_of_words_in_any_case(client, fruit):
    assert sorted(names_found(client, f"+{fruit} +APPLE")) == [
        f"{fruit} applesauce.txt",
        f"{fruit} green apple.svg",
        f"{fruit} red apple.png",
    ]
    assert names_found(client, f"+{fruit} +pple") == []


def test_query_with_a_forbidden_term(client, fruit):
    assert sorted(names_found(client, f"+{fruit} -red")) == [f"{fruit} applesauce.txt", f"{fruit} green apple.svg"]
    assert names_found(client, f"+{fruit} -red -apple") == []


def test_query_with_plain_terms_ranks(client, fruit):
    names = names_found(client, f"+{fruit} cherry")
    assert len(names) == 4 and names[0] == f"{fruit} red cherry.txt"
    assert sorted(names_found(client, f"{fruit}nosuchword {fruit}")) == sorted(names), "any plain term suffices"


def test_query_is_the_same_in_every_language_when_only_names_match(client, fruit):
    assert sorted(names_found(client, f"+{fruit}", language="nl")) == sorted(names_found(client, f"+{fruit}"))


def test_query_with_filters(client, fruit):
    images = [f"{fruit} green apple.svg", f"{fruit} red apple.png"]
    texts = [f"{fruit} applesauce.txt", f"{fruit} red cherry.txt"]
    q = f"+{fruit}"
    assert sorted(names_found(client, q, ["type", "is", "image"])) == images
    assert sorted(names_found(client, q, ["type", "is", "file"])) == texts
    assert sorted(names_found(client, q, ["type", "is", "svg"])) == images[:1]
    assert sorted(names_found(client, q, ["not", "", ["type", "is", "image"]])) == texts
    assert sorted(names_found(client, "", ["name", "q", f"+{fruit} +apple -red"])) == sorted([images[0], texts[0]])
    both = ["and", "", [["type", "is", "image"], ["name", "q", "+red"]]]
    assert names_found(client, q, both) == [images[1]]
    either = ["or", "", [["type", "is", "png"], ["name", "q", "+cherry"]]]
    assert sorted(names_found(client, q, either)) == sorted([images[1], texts[1]])
    assert sorted(names_found(client, q, ["and", "", []])) == sorted(images + texts)
    assert names_found(client, q, ["or", "", []]) == []


def test_query_over_more_than_one_page(client, calls, folder):
    word = new_word()
    names = sorted(f"{word} {number:03d}.txt" for number in range(105))
    upload_many(calls, folder.gid, names)
    assert sorted(names_found(client, f"+{word}")) == names
    assert len(names_found(client, f"+{word}", limit=7)) == 7


def test_bulk_get_pages_stay_what_they_were_at_first(calls, folder):
    word = new_word()
    names = [f"{word} {number:02d}.txt" for number in range(20)]
    upload_many(calls, folder.gid, names)
    body = {"selection": [{"search": {"language": "en", "q": f"+{word}", "filter": []}}], "page.size": 8}
    first = calls.result("assets/bulk/get", body)
    assert first["assets.size"] == 20 and len(first["assets"]) == 8
    upload_many(calls, folder.gid, [f"{word} later {number}.txt" for number in range(5)])

    found, cursor = list(first["assets"]), first["page.cursor"]
    while cursor:
        page = calls.result("assets/bulk/get", {**body, "page.cursor": cursor})
        found, cursor = found + page["assets"], page["page.cursor"]
    assert cursor is None
    assert len(set(found)) == len(found) == 20
    assert sorted(asset["name"] for asset in calls.assets(found).values()) == names


def test_bulk_get_joins_the_entries_of_a_selection(calls, client, folder, upload):
    a, b, c = upload("a.txt"), upload("b.txt"), upload("c.txt")
    selection = [c.gid, {"children": folder.gid, "exclude": [b.gid]}, new_gid(), c.gid]
    result = calls.result("assets/bulk/get", {"selection": selection, "page.cursor": None})
    assert result["assets"] == [c.gid, a.gid]
    assert result["page.cursor"] is None
