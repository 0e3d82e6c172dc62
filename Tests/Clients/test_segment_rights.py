"""Who may do what in the segment dialect."""

from segment_client import SegmentAssets, assert_error, query_of
from server_process import wait_until


def test_a_worker_uses_his_job_and_nothing_else(
    worker, job_assets, project_assets, flex_assets, project_segment, new_segment
):
    mine = job_assets.as_user(worker)
    asset = mine.upload(project_segment, "from the worker.txt", b"w", locale="nl")
    assert asset["projectId"] == 7214 and dict(query_of(asset["downloadUrl"]))["scope"] == "jbs773"
    assert worker.call("GET", asset["downloadUrl"]).content == b"w"
    assert mine.listed(project_segment) == project_assets.listed(project_segment) == [("nl", "", "from the worker.txt")]

    flex_segment = new_segment(flex_assets)
    flex_assets.upload(flex_segment, "a.txt", b"a")
    token = worker.media_token("b.txt", b"b")
    for closed, segment in ((project_assets, project_segment), (flex_assets, flex_segment)):
        closed = closed.as_user(worker)
        for answer in (
            closed.list(segment),
            closed.list_many(str(segment)),
            closed.download(segment, "a.txt"),
            closed.attach(segment, token),
            closed.delete(segment, filename="a.txt"),
            closed.delete(segment),
        ):
            assert_error(answer, 403)
    assert flex_assets.listed(flex_segment) == [(None, "", "a.txt")]
    assert project_assets.listed(project_segment) == [("nl", "", "from the worker.txt")]


def test_a_job_may_cover_some_segments_only(server, manager, project_assets, project_segment):
    server.command(
        *("jobscope", "add", "--project", server.demo["project"]["gid"], "--job", "s774", "--document", 19641),
        *("--segments", "27665601-27665601", "--assignee", server.demo["worker"]["user"]),
    )
    job = SegmentAssets(manager, scope="jbs774")
    wait_until(lambda: job.list(27665601).ok, 5, "the new job is known to the running server")
    project_assets.upload(project_segment, "a.txt", b"a")
    for answer in (job.list(project_segment), job.download(project_segment, "a.txt"), job.delete(project_segment)):
        assert_error(answer, 400, "segmentid")
    many = job.list_many(f"27665601,{project_segment}")
    assert many.status_code == 200
    assert project_segment not in {asset["segmentId"] for asset in many.json()}
    assert project_assets.listed(project_segment) == [(None, "", "a.txt")]


def test_a_worker_is_refused_a_job_of_somebody_else(server, worker, flex_job_assets, project_segment):
    server.command(
        *("jobscope", "add", "--project", server.demo["project"]["gid"], "--job", "s775", "--document", 19641),
        *("--assignee", server.demo["user"]),
    )
    own = SegmentAssets(flex_job_assets.client, scope="jbs775")
    wait_until(lambda: own.list(project_segment).ok, 5, "the new job is known to the running server")
    assert_error(own.as_user(worker).list(project_segment), 403)
    assert_error(flex_job_assets.as_user(worker).list(27667801), 403)


def test_a_worker_reaches_a_flex_document_by_his_job(server, manager, worker):
    server.command(
        *("document", "add", "--project", server.demo["project"]["gid"], "--document", 19915),
        *("--segments", "27668001-27668010", "--flex"),
    )
    server.command(
        *("jobscope", "add", "--project", server.demo["project"]["gid"], "--job", "c2003", "--document", 19915),
        *("--assignee", server.demo["worker"]["user"]),
    )
    by_number, by_job = SegmentAssets(worker, flex="19915"), SegmentAssets(worker, flex="c2003")
    wait_until(lambda: by_number.list(27668001).ok, 5, "the new document is known to the running server")
    by_number.upload(27668001, "a.txt", b"a")
    assert by_job.download(27668001, "a.txt").content == b"a"
    assert by_job.list(27668001).json()[0]["documentId"] == "19915"
    assert SegmentAssets(manager, flex="19915").listed(27668001) == [(None, "", "a.txt")]
