"""Bulk delete and undelete of 1,000,000 assets on PostgreSQL, against the bare SQL in the same database."""

import time

from bulk_delete import BATCH, CALLS, ROUNDS, bulk, rows
from cluster_set_up import tree
from component import program
from project import Project
from report import first_line
from server import BENCH, peak_memory, step

# As in bulk_delete.py: equal when the same rows have been changed in the same way.
STATE = """
SELECT status, is_file, status_job IS NULL, COUNT(*) FROM assets GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT COUNT(DISTINCT key) FROM project_changes;
SELECT cursor FROM projects ORDER BY id;
"""


def postgres_version():
    return first_line(program("postgres"), "--version")


def measure():
    answers, jobs, bare, memory = {}, {}, {}, []
    with tree("cluster-bulk") as data:
        for number in range(ROUNDS):
            step(f"bulk delete and undelete of {data.assets:,} assets on PostgreSQL, round {number + 1} of {ROUNDS}")
            data.restore()
            with data.servers(BENCH / "cluster-bulk" / f"round-{number}") as (server,):
                project = Project(server)
                for call in CALLS:
                    answered, whole, info = bulk(project, call, data.top)
                    assert info["total"] >= data.assets and not info["failed"], info
                    answers.setdefault(call, []).append(answered)
                    jobs.setdefault(call, []).append(whole)
                memory.append(peak_memory(server.process.pid))
            ours = data.postgres.psql(STATE)
            data.restore()
            for call, seconds in bare_sql(data.postgres, data.top).items():
                bare.setdefault(call, []).append(seconds)
            theirs = data.postgres.psql(STATE)
            assert ours == theirs, f"the jobs and the bare statements differ:\n{ours}\n{theirs}"
        return rows(data.assets, answers, jobs, bare, memory, where=" on PostgreSQL", answered="—", ratio="≥ 0.5")


def bare_sql(postgres, top):
    """Seconds that the statements alone take for what each job changes in the assets, the feed and its cursor: in one session, in
    transactions of as many rows as a job takes, each of them durable."""
    first, last, total = numbers(
        postgres,
        f"""
        WITH RECURSIVE below (id) AS (
            SELECT id FROM assets WHERE gid = '\\x{top.replace("-", "")}'
            UNION ALL SELECT assets.id FROM below JOIN assets ON assets.parent_id = below.id
        )
        SELECT MIN(id), MAX(id), COUNT(*) FROM below
        """,
    )
    assert last - first == total - 1, (first, last, total)
    times = {}
    for job, (call, status) in enumerate(CALLS.items()):
        project, cursor = numbers(
            postgres,
            f"SELECT projects.id, cursor FROM assets JOIN projects ON projects.id = project_id WHERE assets.id = {first}",
        )
        now = int(time.time() * 1_000_000)
        script = ""
        for low in range(first, last + 1, BATCH):
            high = min(low + BATCH - 1, last)
            batch = f"id BETWEEN {low} AND {high}"
            script += f"""
                BEGIN;
                INSERT INTO project_changes (project_id, cursor, action, data_type, key)
                SELECT project_id, {cursor + 1} + id - {first}, 2, 1, gid FROM assets WHERE {batch};
                UPDATE projects SET cursor = cursor + {high - low + 1} WHERE id = {project};
                UPDATE assets SET status = '{status}', status_job = {job + 1}, updated_on = {now} WHERE {batch};
                COMMIT;
            """
        began = time.perf_counter()
        postgres.psql(script, seconds=600)
        times[call] = time.perf_counter() - began
    return times


def numbers(postgres, query):
    """The numbers of the only row."""
    ((*row,),) = postgres.sql(query)
    return [int(number) for number in row]
