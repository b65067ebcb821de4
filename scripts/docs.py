"""Writes the pages that are drawn from the code; `--check` only says which are out of date."""

import sys
from pathlib import Path

from pipelines.graph import mermaid
from schemas.settings import PREFIX, Settings
from scripts import docs_invariants, docs_lives, docs_seeds, docs_states
from scripts.docs_metrics import metrics_page

_ROOT = Path(__file__).resolve().parent.parent
_BEGIN, _END = "<!-- pipelines: generated -->", "<!-- end -->"


def env_example() -> str:
    """Every setting with the reason it exists; defaults are commented out."""
    lines = ["# Every setting of Outrider. Copy to .env and change what differs on your machine.\n"]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else field.default
        shown = default if isinstance(default, (str, int)) else f"{default.total_seconds():.0f}"
        lines.append(f"# {field.description}\n# {PREFIX}{name.upper()}={shown}\n")
    return "\n".join(lines)


def readme_with_picture(text: str) -> str:
    """The README with the picture of the pipelines as they are now."""
    return _between(text, _BEGIN, f"```mermaid\n{mermaid()}\n```")


def delivery_with_table(text: str) -> str:
    """The page on delivery with the ways of a job as they are now."""
    return _between(text, "<!-- states: generated -->", docs_states.table())


def _between(text: str, begin: str, drawn: str) -> str:
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(_END)
    return f"{before}{begin}\n{drawn}\n{_END}{after}"


def pages() -> dict[Path, str]:
    """Every generated page with what it should say."""
    readme = _ROOT / "README.md"
    delivery = _ROOT / "docs" / "explanation" / "delivery.md"
    return {
        _ROOT / ".env.example": env_example(),
        readme: readme_with_picture(readme.read_text(encoding="utf-8")),
        delivery: delivery_with_table(delivery.read_text(encoding="utf-8")),
        delivery.with_name("job-states.svg"): docs_states.draw(),
        delivery.with_name("lives.md"): docs_lives.page(),
        _ROOT / "docs" / "reference" / "invariants.md": docs_invariants.page(),
        _ROOT / "docs" / "reference" / "metrics.md": metrics_page(),
        _ROOT / "docs" / "reference" / "seed-map.md": docs_seeds.page(),
    }


def main() -> int:
    """Write the pages, or with --check return 1 when one is out of date."""
    stale = [
        path
        for path, text in pages().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        print(f"{path.relative_to(_ROOT)} is out of date")
        if "--check" not in sys.argv:
            path.write_text(pages()[path], encoding="utf-8")
    return int(bool(stale) and "--check" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
