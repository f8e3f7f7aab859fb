"""`make dist`: what it makes, that it makes it twice, and how the site serves it."""

import gzip
import json
import re
import shutil
from collections.abc import Sequence
from importlib.metadata import distribution, packages_distributions, version
from pathlib import Path

import httpx
import pytest
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.core.management import call_command
from pytest_django import Settings

from notify_site import assets
from tests import bundles
from tests.conftest import StartSite
from tests.servers import Site, needs
from tools import dist
from tools.processes import ROOT

pytestmark = pytest.mark.anywhere

PAGE_BUDGET = 22_000  # bytes, compressed; all scripts of a page may have 25,000 (tests/browser/test_loading.py)
IMPORTED = re.compile(r"""(?:from|import)\s*\(?["'`](\.[^"'`]+)["'`]""")


@pytest.fixture(scope="module")
def made() -> Path:
    with needs():
        return bundles.made()


def names(made: Path) -> dict[str, str]:
    """What `{% static %}` makes of each name."""
    found: dict[str, str] = json.loads((made / "static" / "staticfiles.json").read_text())["paths"]
    return found


def test_equal_sources_give_equal_bytes(made: Path, tmp_path: Path) -> None:
    dist.make(tmp_path)
    assert contents(tmp_path) == contents(made)


def contents(directory: Path) -> dict[str, bytes]:
    files = (path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in files}


def test_one_script_for_bell_and_banners_within_the_budget(made: Path) -> None:
    """`{% static %}` leads to the chunk itself; what it loads at once is in it."""
    found = names(made)
    chunk = found["push/page.js"]
    assert found["push/bell.js"] == found["push/banners.js"] == chunk
    code = (made / "static" / chunk).read_bytes()
    assert not re.findall(rb'\b(?:from|import)\s*"\.', code)
    assert len(gzip.compress(code, 9)) <= PAGE_BUDGET


def test_the_inbox_page_starts_with_what_every_page_has(made: Path) -> None:
    """Its own script and the rows, which the panel has as well, are asked for together when the number is on screen."""
    found = names(made)
    assert found["inbox/start.js"] == found["push/page.js"]
    script = made / "static" / found["inbox/start.js"]
    later = {path.rpartition("/")[2].partition("-")[0] for path in IMPORTED.findall(script.read_text())}
    assert later >= {"inbox", "rows"}


def test_the_rows_are_not_among_what_every_page_needs(made: Path) -> None:
    [rows] = [path.read_text() for path in (made / "bundle" / "reddot").glob("rows-*.js")]
    page = (made / "static" / names(made)["push/page.js"]).read_text()
    assert "rd-acts" in rows
    assert "rd-acts" not in page


def test_scripts_of_the_preview_share_their_modules(made: Path) -> None:
    """One of them from a bundle would have a list of places of its own."""
    bundled = {path.relative_to(made / "bundle").as_posix() for path in (made / "bundle").rglob("*.js")}
    assert not bundled & {"push/preview.js", "inbox/admin/preview.js"}


def test_what_is_not_needed_at_once_is_not_in_it(made: Path) -> None:
    code = (made / "static" / names(made)["push/page.js"]).read_text()
    loaded_later = {path.rpartition("/")[2].partition("-")[0] for path in IMPORTED.findall(code)}
    assert loaded_later >= {"overlay", "sse", "iframe", "mqtt"}
    for word in ("EventSource(", "createElement(`iframe`)", "showPopover"):
        assert word not in code
        assert any(word in path.read_text() for path in (made / "bundle" / "reddot").iterdir()), word


def test_every_import_of_a_bundle_leads_to_a_file(made: Path) -> None:
    """Both in what is bundled, and in what is collected from it."""
    for root in (made / "bundle", made / "static"):
        for script in (root / "reddot").glob("*.js"):
            for path in IMPORTED.findall(script.read_text()):
                assert (script.parent / path).is_file(), (script, path)


class Rewriting(ManifestStaticFilesStorage):
    """As a site may have it."""

    support_js_module_import_aggregation = True


@pytest.mark.parametrize(
    "backend", ["django.contrib.staticfiles.storage.ManifestStaticFilesStorage", f"{__name__}.Rewriting"]
)
def test_under_the_storage_of_another_site(made: Path, tmp_path: Path, settings: Settings, backend: str) -> None:
    """The chunks keep their names, so that each is loaded once: names are hashed, or hashed and rewritten."""
    settings.STATIC_ROOT = tmp_path
    settings.STATICFILES_DIRS = [made / "bundle"]
    settings.STORAGES = {"staticfiles": {"BACKEND": backend}}
    call_command("collectstatic", interactive=False, verbosity=0)
    [entry] = tmp_path.glob("push/page.*.js")
    [path] = IMPORTED.findall(entry.read_text())
    chunk = (entry.parent / path).resolve()
    assert chunk.read_bytes() == (made / "bundle" / "reddot" / chunk.name).read_bytes()


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of what the site serves, without the bundler."""
    for app in assets.APPS:
        shutil.copytree(ROOT / app / "static", tmp_path / app / "static")
    copied(assets.STORAGE, tmp_path)
    return tmp_path


def copied(names: Sequence[str], into: Path) -> None:
    for name in names:
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, into / name)


@pytest.mark.parametrize("changed", ["push/static/push/bell.js", *assets.STORAGE, *assets.BUNDLER])
def test_a_change_of_what_it_is_made_of_is_noticed(made: Path, sources: Path, changed: str) -> None:
    copied(assets.BUNDLER, sources)
    assert assets.is_current(made, sources)
    with (sources / changed).open("a") as file:
        file.write("\n")
    assert not assets.is_current(made, sources)


def test_it_may_be_served_where_there_is_no_bundler(made: Path, sources: Path) -> None:
    assert assets.is_current(made, sources)


def test_what_was_marked_in_another_way_is_out_of_date(sources: Path) -> None:
    (sources / assets.MARK).write_text("0" * 64)  # one digest of all, as once
    assert not assets.is_current(sources, sources)


def test_an_upgrade_of_a_package_with_static_files_is_noticed(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that name a new file of it would fail otherwise."""
    for package in assets.PACKAGES:
        monkeypatch.setattr(assets, "version", lambda name, new=package: "9" if name == new else version(name))
        assert not assets.is_current(made, ROOT), package


def test_all_static_files_of_the_site_are_watched() -> None:
    watched = [ROOT / app / "static" for app in assets.APPS]
    packages = [str(distribution(name).locate_file("")) for name in assets.PACKAGES]
    owners = packages_distributions()
    for finder in get_finders():
        for _path, storage in finder.list([]):
            place = Path(storage.location)
            inside = [place.relative_to(each).parts[0] for each in packages if place.is_relative_to(each)]
            assert place in watched or {*owners[inside[0]]} & {*assets.PACKAGES}, place


@pytest.fixture(scope="module", params=["uvicorn", "daphne"])
def site(shared_site: StartSite, made: Path, request: pytest.FixtureRequest) -> Site:
    return shared_site(server=request.param, STATIC_DIST=made)


def test_scripts_of_a_page_are_kept_for_good(site: Site) -> None:
    """Those named in the page, compressed; their addresses change with their contents."""
    with site.client("alice") as client:
        scripts = re.findall(r'(?:src|href)="(/static/[^"]+\.(?:js|css))"', client.get("/").text)
        assert any("/reddot/page-" in address for address in scripts)
        for address in scripts:
            answer = client.get(address, headers={"Accept-Encoding": "gzip"})
            assert answer.headers["Cache-Control"].endswith("immutable"), address
            assert int(re.findall(r"max-age=(\d+)", answer.headers["Cache-Control"])[0]) >= 31_536_000
            assert answer.headers["Content-Encoding"] == "gzip" or len(answer.content) < 1000, address


def test_chunks_are_kept_for_good(site: Site, made: Path) -> None:
    for chunk in (made / "bundle" / "reddot").iterdir():
        answer = httpx.get(site.url(f"/static/reddot/{chunk.name}"))
        assert answer.headers["Cache-Control"].endswith("immutable"), chunk.name


def test_a_script_by_its_plain_name_is_checked_again(site: Site) -> None:
    """As pages of other origins load it; they must get the next version."""
    address = site.url("/static/push/reddot.js")
    answer = httpx.get(address)
    assert "immutable" not in answer.headers["Cache-Control"]
    assert httpx.get(address, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
