"""Texts in the languages of Python packages, made up from a seed, and questions about them.

The grammars are those of PEP 440 (versions and specifiers), 508 (requirements and markers), 425 and
427 (names of wheels) and 503 (names of projects). Half of the texts are valid, the others have one
mutation.
"""

import random
import re

LINUX = {
    "implementation_name": "cpython",
    "implementation_version": "3.11.7",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_release": "",
    "platform_system": "Linux",
    "platform_version": "",
    "python_full_version": "3.11.7",
    "python_version": "3.11",
    "sys_platform": "linux",
}
ENVIRONMENTS = [
    LINUX,
    LINUX
    | {"python_version": "3.9", "python_full_version": "3.9.0", "platform_machine": "aarch64"},
    LINUX
    | {"python_version": "3.14", "python_full_version": "3.14.0rc2", "platform_release": "6.1.0"},
    LINUX | {"python_version": "3.13", "python_full_version": "3.13.0+local"},
    LINUX
    | {
        "implementation_name": "pypy",
        "implementation_version": "7.3.13",
        "platform_python_implementation": "PyPy",
        "platform_release": "6.8.0-48-generic",
        "platform_version": "#1 SMP",
    },
]
EXTRAS = [(), ("test",), ("foo-bar", "test")]


class Maker:
    """Texts of each language, from a seed."""

    def __init__(self, seed):
        self.dice = random.Random(seed)

    def one(self, *choices):
        return self.dice.choice(choices)

    def maybe(self, text, share=0.3):
        return text if self.dice.random() < share else ""

    def blank(self):
        return self.one("", "", "", " ", "  ")

    def number(self):
        if self.dice.random() < 0.005:
            return self.one("9" * 18, "1" + "0" * 18, "0" * 20 + "5", "18446744073709551616")
        return self.one("0", "0", "1", "1", "2", "3", "10", "00", "01", "007", "20", "2024")

    def release(self, least=1):
        count = max(least, self.one(1, 1, 2, 2, 2, 3, 3, 4))
        return ".".join(self.number() for _ in range(count))

    def tag(self, *words):
        """A word with its number, and separators that mean nothing."""
        apart = self.one("", "", "", ".", "-", "_")
        word = self.one(*words)
        if self.dice.random() < 0.2:
            word = self.one(word.upper(), word.capitalize())
        return apart + word + self.one("", "", "", ".", "-", "_") + self.one("", self.number())

    def public(self, least=1):
        pre = self.tag("a", "b", "c", "rc", "alpha", "beta", "pre", "preview")
        post = self.one(self.tag("post", "rev", "r"), "-" + self.number())
        return (
            self.maybe(self.one("v", "V"), 0.05)
            + self.maybe(self.number() + "!", 0.1)
            + self.release(least)
            + self.maybe(pre)
            + self.maybe(post)
            + self.maybe(self.tag("dev"))
        )

    def local(self):
        segments = "cu128 cpu 1 01 0 a abcdefgh abcdefghi 1a Z".split()
        text = "+" + self.one(*segments)
        for _ in range(self.one(0, 0, 1, 2)):
            text += self.one(".", ".", "-", "_") + self.one(*segments)
        return text

    def version(self):
        around = self.maybe(self.one(" ", "\f", "  "), 0.03)
        return around + self.public() + self.maybe(self.local(), 0.2) + around

    def near(self, text):
        """A version not far from those in a text."""
        found = re.findall(r"[0-9!]+(?:\.[0-9]+)*[0-9a-z.+]*[0-9a-z]|[0-9]", text)
        if not found or self.dice.random() < 0.2:
            return self.version()
        version = self.one(*found)
        numbers = re.match(r"(?:[0-9]+!)?[0-9]+(?:\.[0-9]+)*", version)
        if numbers and self.dice.random() < 0.5:
            version = numbers[0]
        return version + self.one(
            "", "", "", ".0", ".1", "a1", "rc1", ".dev0", ".dev1", ".post0", ".post1", "+x",
            ".post1.dev1", "a1.post1", "a1.dev0", ".post1+x", "a0", "+1", ".0.0"
        )

    def clause(self):
        operator = self.one("==", "!=", "<=", ">=", "<", ">", "~=", "===")
        space = self.maybe(self.one(" ", "  ", "\f"), 0.2)
        if operator in ("==", "!=") and self.dice.random() < 0.4:
            return operator + space + self.maybe("1!", 0.1) + self.release() + ".*"
        if operator == "===" and self.dice.random() < 0.3:
            return operator + space + self.one("foo", "1.0-raw", "2004d", "1_0", "1.x")
        version = self.public(2 if operator == "~=" else 1)
        if operator in ("==", "!=", "===") and self.dice.random() < 0.2:
            version += self.local()
        return operator + space + version

    def specifiers(self):
        joints = [self.blank() + "," + self.blank() for _ in range(3)]
        clauses = [self.clause() for _ in range(self.one(0, 1, 1, 1, 2, 2, 3))]
        text = "".join(c + j for c, j in zip(clauses, joints))
        text = text[: len(text) - len(joints[len(clauses) - 1])] if clauses else text
        return text + self.maybe(",", 0.03)

    def quoted(self, text):
        quote = self.one('"', "'")
        return quote + text + quote

    def comparison(self):
        operators = ["==", "!=", "<", "<=", ">", ">=", "in", "not in", "==", "!=", "~=", "==="]
        if self.dice.random() < 0.5:
            variable = self.one(
                "python_version", "python_version", "python_full_version",
                "implementation_version", "platform_release"
            )
            value = self.one(
                self.one("3.8", "3.11", "3.9", "3.14", "3", "3.11.7", "3.13.0", "6.1", "7.3.13"),
                self.public(), self.release() + ".*", "3.*", "3.11.*", "3.9, 3.11", "3.11 3.12",
                "", "x", "3.11+local", " 3.11 "
            )
            operator = self.one(*operators)
        elif self.dice.random() < 0.3:
            variable = "extra"
            value = self.one("test", "Foo_Bar", "foo.bar", "", "other")
            operator = self.one("==", "==", "==", "!=")
        else:
            variable = self.one(
                "os_name", "sys_platform", "platform_machine", "platform_system",
                "platform_version", "platform_python_implementation", "implementation_name",
                "os.name", "sys.platform", "platform.version", "platform.machine",
                "platform.python_implementation", "python_implementation"
            )
            value = self.one(
                "posix", "nt", "linux", "linux2", "win32", "x86_64", "aarch64", "Linux", "PyPy",
                "CPython", "pypy", "cpython", "", "linux darwin", "3", "#1 SMP"
            )
            operator = self.one(*operators[:10])
        around = " " if operator[0] in "in" else self.blank()
        sides = [variable, self.quoted(value)]
        if self.dice.random() < 0.2:
            sides.reverse()
        return (around + operator + around).join(sides)

    def marker(self, depth=3):
        kind = self.one("one", "one", "and", "or", "group") if depth else "one"
        if kind == "one":
            return self.comparison()
        if kind == "group":
            return "(" + self.blank() + self.marker(depth - 1) + self.blank() + ")"
        return f"{self.marker(depth - 1)} {kind} {self.marker(depth - 1)}"

    def name(self):
        text = self.one("a", "B", "foo", "Foo", "1", "x2")
        for _ in range(self.one(0, 0, 1, 2)):
            text += self.one("-", "_", ".", "--", "_.", "-") + self.one("a", "Bar", "2", "z")
        return text

    def extras(self):
        inside = (self.blank() + "," + self.blank()).join(
            self.name() for _ in range(self.one(0, 1, 1, 2, 3))
        )
        return "[" + self.blank() + inside + self.blank() + "]"

    def behind_name(self, specifiers):
        """What follows a name: clauses, in parentheses or not, a URL or nothing."""
        kind = self.one("bare", "bare", "bare", "parentheses", "url")
        if kind == "url":
            url = self.one("https://example.org/a-1.whl", "file:///a;b", "git+ssh://x@y/z#egg=a")
            return self.blank() + "@" + self.blank() + url + self.one(" ", "  ")
        if kind == "parentheses":
            return self.blank() + "(" + self.blank() + specifiers + self.blank() + ")"
        return self.blank() + specifiers

    def requirement(self, specifiers=None):
        text = self.name() + self.maybe(self.blank() + self.extras())
        text += self.behind_name(self.specifiers() if specifiers is None else specifiers)
        if self.dice.random() < 0.4:
            # Behind `===` a `;` without a blank is no part of the version either.
            text += self.blank() + ";" + self.blank() + self.marker(1)
        return text

    def old_requirement(self):
        """As old metadata has it, and in PEP 440's words."""
        operator, release = self.one(">=", "<"), self.release()
        other = self.maybe("," + self.clause())
        state = self.dice.getstate()
        old = self.requirement(f"{operator}{release}.*{other}")
        self.dice.setstate(state)
        return old, self.requirement(f"{operator}{release}{other}")

    def tags(self, *words):
        return ".".join(self.one(*words) for _ in range(self.one(1, 1, 1, 2, 3)))

    def wheel(self):
        version = self.public().replace("-", "_").replace(" ", "") + self.maybe(
            self.local().replace("-", "_"), 0.2
        )
        build = self.one("1", "0", "12b", "01_x", "2.post1", "3a4")
        return "-".join(
            [self.name().replace("-", "_"), version]
            + ([build] if self.dice.random() < 0.2 else [])
            + [
                self.tags("py3", "py2", "cp311", "CP39", "pp310", "_x"),
                self.tags("none", "abi3", "cp311", "cp313t", "pypy310_pp73"),
                self.tags("any", "linux_x86_64", "manylinux_2_28_aarch64", "win32", "Any"),
            ]
        ) + ".whl"

    def mutated(self, text):
        """With one character left out, doubled, changed or put in, two exchanged, or a cut."""
        letters = "01.9*+-_!=<>~,;@()[]'\"aAbvrcdepostx \\/#:|&$^\f\r\v\x1c\u00e9\u0130\u212a\u3000"
        at = self.dice.randrange(len(text) + 1)
        kind = self.one("out", "twice", "change", "in", "exchange", "cut", "piece")
        if kind == "out":
            return text[:at] + text[at + 1 :]
        if kind == "twice":
            return text[:at] + text[at : at + 1] * 2 + text[at + 1 :]
        if kind == "change":
            return text[:at] + self.one(*letters) + text[at + 1 :]
        if kind == "in":
            return text[:at] + self.one(*letters) + text[at:]
        if kind == "exchange":
            return text[:at] + text[at : at + 2][::-1] + text[at + 2 :]
        if kind == "cut":
            return self.one(text[:at], text[at:])
        pieces = re.findall(r"\w+|\W", text) or [""]
        return text[:at] + self.one(*pieces) + text[at:]


def questions(seed, count):
    """Each with the text that `packaging` is asked about: the same, but for old metadata."""
    maker = Maker(seed)

    def made(text):
        return text if maker.dice.random() < 0.5 else maker.mutated(text)

    for _ in range(count):
        version, specifiers = made(maker.version()), made(maker.specifiers())
        marker, requirement = made(maker.marker()), made(maker.requirement())
        near = maker.near(specifiers)
        environment = maker.one(*ENVIRONMENTS)
        old, modern = maker.old_requirement()
        found = [
            ("version", version),
            ("order", version, maker.near(version)),
            ("specifiers", specifiers),
            ("names", specifiers),
            ("contains", specifiers, near),
            ("stable", specifiers, near),
            ("marker", marker, ",".join(maker.one(*EXTRAS)))
            + tuple(f"{key}={value}" for key, value in environment.items()),
            ("marker_text", marker),
            ("requirement", requirement),
            ("wheel", made(maker.wheel())),
            ("name", made(maker.name())),
        ]
        yield from ((question, question) for question in found)
        yield ("old", old), ("requirement", modern)
