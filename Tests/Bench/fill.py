"""Fills a project through SQL. To be replaced by `stockroom generate` (see `dataset.py`), whose JSON this answers."""

import json
import random
import sqlite3
import time
import uuid

from database import PRAGMAS, database
from project import Project
from server import running

# Folders in each folder, level by level: 1 + 8 + 64 + 512 + 3584 = 4169 folders.
BRANCHES = (1, 8, 8, 8, 7)
TYPES = {"jpg": 70, "png": 15, "pdf": 10, "mp4": 5}
MAKERS = "bosch makita hilti festool metabo stanley knipex wera bahco gedore".split()
THINGS = {"drill": "boor", "hammer": "hamer", "saw": "zaag", "pliers": "tang", "wrench": "sleutel", "ladder": "ladder"}
VIEWS = {"front": "voorkant", "back": "achterkant", "side": "zijkant", "detail": "detail", "manual": "handleiding"}

ASSET = """
INSERT INTO assets (id, gid, project_id, parent_id, name, is_file, blob_id, size, type, info, file_count, folder_count,
    title, metadata, created_on, updated_on)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
# The words that IndexWords (AssetSQL/SearchRows.swift) makes.
WORDS = "INSERT INTO asset_search (rowid, name, title, description, metadata) VALUES (?, ?, ?, '', ?)"


def fill(server, assets, is_flat, seed):
    with running(server):
        project = Project(server)
        project.upload("first.bin", b"The bytes of all files.")
    maker = Maker(sqlite3.connect(database(server)), assets, is_flat, random.Random(seed))
    maker.fill()
    return {"assets": assets, "folders": maker.folders, "files": assets - maker.folders, "root": maker.top_gid}


class Maker:
    def __init__(self, db, assets, is_flat, source):
        self.db, self.assets, self.is_flat, self.random = db, assets, is_flat, source
        db.executescript(PRAGMAS + "PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000;")
        (self.project, self.root, self.first, self.blob, self.cursor) = db.execute(
            """SELECT project_id, parent_id, (SELECT MAX(id) + 1 FROM assets), blob_id, projects.cursor
            FROM assets JOIN projects ON projects.id = project_id WHERE assets.name = 'first.bin'"""
        ).fetchone()
        self.next = self.first
        self.now = int(time.time() * 1_000_000)
        self.folders = 1 if is_flat else 4169
        self.per_folder, self.rest = divmod(assets - self.folders, 1 if is_flat else 3584)

    def fill(self):
        self.lines = []
        self.db.executemany(ASSET, self.rows())
        self.db.executemany(WORDS, self.lines)
        self.db.execute(
            """INSERT INTO project_changes (project_id, cursor, action, data_type, key)
            SELECT project_id, ? + id - ?, 1, 1, gid FROM assets WHERE id >= ?""",
            (self.cursor + 1, self.first, self.first),
        )
        # As if the feed had been compacted: it holds no pointless lines.
        self.db.execute(
            """UPDATE projects SET cursor = cursor + :new, compacted_cursor = cursor + :new,
            compacted_lines = cursor + :new WHERE id = :id""",
            {"new": self.assets, "id": self.project},
        )
        self.db.execute("UPDATE assets SET folder_count = folder_count + 1 WHERE id = ?", (self.root,))
        self.db.commit()
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.top_gid = str(uuid.UUID(bytes=self.db.execute("SELECT gid FROM assets WHERE id = ?", (self.first,)).fetchone()[0]))
        self.db.close()

    def rows(self):
        if self.is_flat:
            yield self.folder(self.root, "flat", self.per_folder, 0)
            yield from self.files(self.next - 1, self.per_folder)
        else:
            yield from self.level(self.root, 0)

    def level(self, parent, depth):
        names = MAKERS if depth == 1 else list(THINGS) + MAKERS
        for number in range(BRANCHES[depth]):
            is_leaf = depth == len(BRANCHES) - 1
            count = self.per_folder + (self.rest > 0) if is_leaf else 0
            self.rest -= is_leaf and self.rest > 0
            name = "catalog" if depth == 0 else f"{names[number]} {depth}"
            yield self.folder(parent, name, count, 0 if is_leaf else BRANCHES[depth + 1])
            me = self.next - 1
            if is_leaf:
                yield from self.files(me, count)
            else:
                yield from self.level(me, depth + 1)

    def take(self):
        number, self.next = self.next, self.next + 1
        return number, uuid.UUID(int=self.random.getrandbits(128), version=4).bytes, self.project

    def folder(self, parent, name, files, folders):
        return (*self.take(), parent, name, 0, None, 0, None, "{}", files, folders, "{}", "{}", self.now, self.now)

    def files(self, parent, count):
        for number in range(count):
            pick = self.random.random
            kind = self.random.choices(list(TYPES), TYPES.values())[0]
            thing, view = self.random.choice(list(THINGS)), self.random.choice(list(VIEWS))
            maker = "cms" if pick() < 0.0005 else self.random.choice(MAKERS)
            model = "225" if maker == "cms" and pick() < 0.5 else str(self.random.randrange(100, 1000))
            name = f"{maker} {model} {view} {number:07}.{kind}" if self.is_flat else f"{maker} {model} {view} {number:04}.{kind}"
            row = self.take()
            title = {}
            if pick() < 0.7:
                title["en"] = f"{maker} {thing} {model}, {view}"
                if pick() < 0.6:
                    title["nl"] = f"{maker} {THINGS[thing]} {model}, {VIEWS[view]}"
            code = f"EC{self.random.randrange(10**8)}" if pick() < 0.3 else None
            metadata = {"product.code": {"type": "textline", "is_localized": False, "value": code}} if code else {}
            size = self.random.randrange(20_000, 5_000_000)
            info = {"format": kind, "filesize": size, "pages": 1, "width": 1200, "height": 800}
            self.lines.append((row[0], self.words(name), self.titles(title), self.words(code or "")))
            yield (
                *row, parent, name, 1, self.blob, size, kind, json.dumps(info, separators=(",", ":")), 0, 0,
                json.dumps(title, separators=(",", ":")), json.dumps(metadata, separators=(",", ":")),
                self.now + number, self.now + number,
            )

    def words(self, text, language=""):
        words = text.lower().replace(".", " ").replace(",", " ").split()
        return " ".join(f"{self.project}{language}_{word}" for word in words)

    def titles(self, title):
        return " ".join(self.words(text, language) for language, text in title.items())
