"""Which public methods and properties the Python client has, and which of them the tests use.

`@covers("UnicatAsset: title description", "mutate: update_asset")` stands above a test. The test fails when it does not
call all of what it names there; what no test names must stand in the table of exclusions.
"""

import functools
import importlib
import inspect
import pkgutil
import sys

import pytest
import unicat

COVERED = set()  # filled while the test files are imported


def names(*groups):
    """{"UnicatAsset.title", …} of "UnicatAsset: title …"."""
    found = set()
    for group in groups:
        owner, _, members = group.partition(":")
        found |= {f"{owner}.{member}" for member in members.split()}
    return found


def covers(*groups):
    declared = names(*groups)
    COVERED.update(declared)

    def decorate(test):
        @functools.wraps(test)
        def run(*args, **kwargs):
            calls = set()

            previous = sys.getprofile()

            def note(frame, event, argument):
                if event == "call":
                    calls.add((frame.f_globals.get("__name__") or "", frame.f_code.co_qualname))
                if previous:
                    previous(frame, event, argument)

            sys.setprofile(note)
            try:
                test(*args, **kwargs)
            finally:
                sys.setprofile(previous)
            unused = declared - {_name(module, qualified) for module, qualified in calls}
            if unused:
                pytest.fail(f"named as covered, but not called: {sorted(unused)}", pytrace=False)

        return run

    return decorate


def _name(module, qualified):
    if module.startswith("unicat.mutate."):
        return f"mutate.{qualified}"
    return qualified if module.startswith("unicat.") else None


def public_members(client):
    """Methods and properties of all classes of the client, and everything that can be called at its `mutate`."""
    # The functions behind `mutate` count even when this server's version keeps the client from offering them.
    found = {f"mutate.{name}" for name in vars(client.mutate) if not name.startswith("_")}
    for info in pkgutil.walk_packages(unicat.__path__, "unicat."):
        module = importlib.import_module(info.name)
        for name, value in inspect.getmembers(module):
            if name.startswith("_") or getattr(value, "__module__", None) != info.name:
                continue
            if inspect.isfunction(value) and info.name.startswith("unicat.mutate."):
                found.add(f"mutate.{name}")
            elif inspect.isclass(value) and name.startswith("Unicat") and name != "UnicatMutate":
                members = {member for base in value.__mro__ if base.__module__ == info.name for member in vars(base)}
                found |= {
                    f"{name}.{member}"
                    for member in members
                    if not member.startswith("_") and _is_method_or_property(value, member)
                }
    return found


def _is_method_or_property(class_, member):
    value = inspect.getattr_static(class_, member)
    return callable(value) or isinstance(value, (property, staticmethod, classmethod, functools.cached_property))
