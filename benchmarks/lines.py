"""How much code each member has: lines of Python that are neither blank nor comment, without tests."""

import ast
import io
import tokenize
from pathlib import Path

ROOT = Path(__file__).parents[1]
_NOT_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING}


def lines_of(path: Path) -> int:
    """Lines with code on them; docstrings are not code."""
    source = path.read_text(encoding="utf-8")
    lines = {
        line
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type not in _NOT_CODE and token.type != tokenize.ENDMARKER
        for line in range(token.start[0], token.end[0] + 1)
    }
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return len(lines)


def main() -> None:
    print("| member | lines of code | of them wiring (main, worker, settings, subscribers, ways to others) |")
    print("| --- | --- | --- |")
    wiring = {"main.py", "worker.py", "settings.py", "subscribers.py", "store.py", "dependencies.py"}
    for folder in sorted([*ROOT.glob("libs/*"), *ROOT.glob("services/*"), *ROOT.glob("tools/*")]):
        found = {path: lines_of(path) for path in folder.glob("src/**/*.py")}
        if found:
            top = sum(
                count for path, count in found.items() if path.name in wiring and path.parent.parent.name == "src"
            )
            shown = str(top) if folder.parent.name == "services" else ""
            print(f"| {folder.parent.name}/{folder.name} | {sum(found.values())} | {shown} |")


if __name__ == "__main__":
    main()
