"""Connecting, errors and following jobs with the Python client; and that no public method of it goes without a test.

The files `test_project_every_*` run with each version of the client that scripts/client-tests names.
"""

import importlib
import inspect
from pathlib import Path

import pytest
import unicat
from unicat import Unicat, UnicatError
from unicat.utils import gid as new_gid

from every_method import COVERED, covers, names, public_members
from project_client import follow_job, statuses, upload_many

# What no test calls, by reason. `*` stands for all members of a class.
EXCLUDED = {
    "record": names(
        "Unicat: get_record get_records get_root_record walk_record_children walk_record_tree walk_record_query",
        "UnicatRecord: *",
        "mutate: create_record set_record_definition update_record link_record",
        "mutate: delete_record undelete_record permanent_delete_record",
        "mutate: extend_record_definition_add_class extend_record_definition_remove_class",
        "mutate: extend_record_definition_add_field extend_record_definition_remove_field",
        "mutate: extend_record_definition_add_fieldlist_field extend_record_definition_remove_fieldlist_field",
        "mutate: revert_extended_record_definition copy_record_definition_to_siblings",
        "mutate: clone_extended_record_definition update_extended_record_definition",
        "mutate: transfer_extended_record_definition_to transfer_extended_record_definition_from",
        "mutate: set_record_channels set_record_orderings",
        "mutate: copy_record_channels_from_parent copy_record_channels_down copy_record_channels_up",
    ),
    "schema": names(
        "Unicat: get_definition get_definitions get_definition_by_name get_definitions_by_name walk_definitions",
        "Unicat: get_class get_classes get_class_by_name get_classes_by_name walk_classes",
        "Unicat: get_field get_fields get_field_by_name get_fields_by_name walk_fields walk_schema_query",
        "UnicatDefinition: *",
        "UnicatClass: *",
        "UnicatField: *",
        "UnicatLayout: *",
        "mutate: create_definition modify_definition modify_definition_modify_layout",
        "mutate: modify_definition_add_class modify_definition_remove_class",
        "mutate: modify_definition_add_field modify_definition_remove_field",
        "mutate: modify_definition_fieldlist_add_field modify_definition_fieldlist_remove_field",
        "mutate: modify_definition_add_childdefinition modify_definition_remove_childdefinition",
        "mutate: modify_definition_set_metadata modify_definition_clear_metadata",
        "mutate: commit_definition save_as_new_definition delete_definition",
        "mutate: create_class modify_class modify_class_modify_layout",
        "mutate: modify_class_add_field modify_class_remove_field",
        "mutate: modify_class_set_metadata modify_class_clear_metadata",
        "mutate: commit_class save_as_new_class delete_class",
        "mutate: create_field modify_field modify_field_set_metadata modify_field_clear_metadata",
        "mutate: commit_field save_as_new_field delete_field",
    ),
    "module": names(
        "Unicat: get_all_module_names get_module get_modules walk_modules",
        "UnicatModule: *",
        "UnicatModuleAction: *",
        "UnicatModuleLog: *",
        "mutate: register_module unregister_module publish_module_action unpublish_module_action add_module_log",
        "mutate: set_module_key set_module_keys clear_module_key clear_module_keys",
    ),
}


def test_every_public_method_is_covered_or_excluded(client):
    for path in Path(__file__).parent.glob("test_project_every_*.py"):
        importlib.import_module(path.stem)
    excluded = set().union(*EXCLUDED.values())
    members = public_members(client)
    forgotten = {name for name in members - COVERED - excluded if f"{name.split('.')[0]}.*" not in excluded}
    assert not forgotten, f"unicat {unicat.__version__} has what no test covers: {sorted(forgotten)}"
    assert not COVERED & excluded, "covered, so no longer to be excluded"
    assert len(members) > 300 and COVERED <= members, "the enumeration works"


# Connecting


@covers("Unicat: connect version api_version project get_root_asset", "UnicatApi: connect init call")
@covers("UnicatProject: gid languages")
def test_connecting(server, project_gid, tmp_path):
    client = Unicat(server.url, project_gid, server.demo["project"]["apiKey"], str(tmp_path))
    assert client.connect() is True
    assert client.version == unicat.__version__ and client.api_version == "2026.04.002"
    assert client.project.gid == project_gid
    assert client.languages["nl"] == "Dutch" and project_gid in client.projects and client.users
    assert client.projects_members and not client.assets
    assert not any((client.records, client.definitions, client.classes, client.fields, client.layouts, client.modules))
    cursors = client.api.cc_cursor, client.api.project_cursor
    assert [type(cursor) for cursor in cursors] == [int, int]

    # Older clients send GET, newer ones POST with an option that an asset server has no use for.
    client.get_root_asset()
    for method in (client.api.init, client.connect):
        options = [name for name in inspect.signature(method).parameters if name == "omit_extended_definitions"]
        for values in ({}, dict.fromkeys(options, True)):
            answer = method(**values)
            assert answer is True or answer[0] is True
            assert client.project.gid == project_gid and client.project.languages == ["en", "nl"]
            assert client.assets == {}, "the store is emptied"
    success, result = client.api.call("/init", method="get")
    assert success and result["project"] == project_gid and result["user_projects"] == {project_gid: ["api"]}


@covers("Unicat: connect")
def test_a_wrong_key_or_project_is_no_connection(server, project_gid, tmp_path):
    key = server.demo["project"]["apiKey"]
    for gid, wrong_key in ((project_gid, "no such key"), (new_gid(), key), (project_gid, new_gid())):
        client = Unicat(server.url, gid, wrong_key, str(tmp_path))
        assert client.connect() is False
        assert client.projects == {} and client.users == {}


@covers("UnicatApi: update_jwt call")
def test_a_token_that_is_none_ends_the_session_until_the_next_connect(client):
    client.api.update_jwt("nonsense")
    for _ in range(2):  # with the bad token; then with none, for the client drops it
        success, result = client.api.call("/assets/root")
        assert success is False and result["code"] == 401 and isinstance(result["info"], dict)
    assert client.connect() is True
    success, result = client.api.call("/assets/root")
    assert success is True and result["root"] in client.assets


@covers("UnicatError: code message info", "UnicatApi: call")
def test_errors(client, folder):
    with pytest.raises(UnicatError) as raised:
        client.mutate.create_asset(folder, "")
    error = raised.value
    assert error.code == 400 and str(error) == "create_asset"
    assert isinstance(error.message, str) and "name" in error.message + str(error.info)
    assert isinstance(error.info, dict)

    success, result = client.api.call("/assets/get", {"asset": new_gid()})
    assert success is False and result["code"] == 422, "the lower level raises nothing"
    success, result = client.api.call("//users/get", {"user": new_gid()})
    assert success is False and result["code"] == 422, "the global API, with a second slash"


# Jobs


@covers("UnicatApi: prepare_for_job poll_job_sync_events track_job call")
def test_following_a_job(client, calls, folder):
    upload_many(calls, folder.gid, [f"{number}.txt" for number in range(120)])
    before = client.api.cc_cursor, client.api.project_cursor
    cursor = client.api.prepare_for_job()
    assert (client.api.cc_cursor, client.api.project_cursor) == before, "no change is skipped by it"
    assert type(cursor) is int and cursor >= before[0]
    success, result = client.api.call("/assets/bulk/delete", {"selection": [{"children": folder.gid}]})
    assert success
    token = result["job.token"]

    reports = follow_job(client, cursor, token)
    assert reports[0]["status"] == "queued" and reports[-1]["status"] == "done"
    assert {report["gid"] for report in reports} == {token}
    assert {report["job"] for report in reports} == {"bulk_delete_assets"}
    assert {report["project_gid"] for report in reports} == {client.project.gid}
    assert (reports[-1]["info"]["total"], reports[-1]["info"]["remaining"]) == (120, 0)
    assert reports[-1]["updated_on"] >= reports[0]["updated_on"] >= reports[0]["created_on"] > 0
    children = [asset["gid"] for asset in calls.children(folder.gid)]
    assert set(statuses(calls, children).values()) == {"deleted"}

    # The feed gives the same items again to whoever asks from the same cursor; the client ends when its time is over.
    items = list(client.api.poll_job_sync_events(cursor, timeout_in_seconds=0.02, poll_interval_in_seconds=0.02))
    mine = [item for item in items if item["data_key"] == token]
    assert [item["data"]["status"] for item in mine] == [report["status"] for report in reports]
    assert {(item["type"], item["action"]) for item in mine} == {("cc", "UPDATE")}
    assert all(type(item["cursor"]) is int and item["cursor"] > cursor for item in mine)
