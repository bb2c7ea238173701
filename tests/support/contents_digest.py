#!/usr/bin/env python3
"""Prints the contents digest of a prefix that envpm made: contents_digest.py PREFIX

A second implementation of docs/digests.md, to test the first one. Of the prefix's file list it
believes only where tokens were; everything else it reads from disk. Standard library only.
"""

import hashlib
import json
import os
import stat
import sys

PREFIX_TOKEN = b"/@ENVPM_PREFIX@"
HOME_TOKEN = b"/@ENVPM_PYTHON_HOME@"
TRAMPOLINE = b"#!/bin/sh\n'''exec' \""
TRAMPOLINE_END = b" \"$0\" \"$@\"\n' '''\n"


class Prefix:
    def __init__(self, path):
        self.path = os.fsencode(path)
        with open(os.path.join(path, ".envpm", "manifest.json"), encoding="utf-8") as file:
            manifest = json.load(file)
        self.named = manifest["prefix"].encode()
        self.interpreter = self.home = self.interpreter_link = None
        if manifest["python"]:
            self.interpreter = manifest["python"]["executable"].encode()
            self.home = os.path.dirname(self.interpreter)
            self.interpreter_link = HOME_TOKEN + b"/" + manifest["python"]["library"].encode()
        self.tokens = {
            file["path"].encode(): file["tokens"] for file in manifest["files"] if "tokens" in file
        }
        self.placeholders = {
            file["path"].encode(): file["placeholder"]
            for file in manifest["files"]
            if "placeholder" in file
        }

    def digest_of_folder(self, relative=b""):
        hasher = hashlib.sha256(b"envpm-tree-v1\0dir\0")
        for name in sorted(os.listdir(os.path.join(self.path, relative))):
            if relative == b"" and name == b".envpm":
                continue
            kind, digest = self.digest_of_entry(relative + b"/" + name if relative else name)
            hasher.update(kind + len(name).to_bytes(4, "big") + name + digest)
        return hasher.digest()

    def digest_of_entry(self, relative):
        path = os.path.join(self.path, relative)
        mode = os.lstat(path).st_mode
        if stat.S_ISDIR(mode):
            return b"d", self.digest_of_folder(relative)
        if stat.S_ISLNK(mode):
            target = self.link_with_tokens(os.readlink(path))
            return b"l", hashlib.sha256(b"envpm-tree-v1\0lnk\0" + target).digest()
        if not stat.S_ISREG(mode):
            sys.exit("neither file nor link nor folder: " + os.fsdecode(path))
        with open(path, "rb") as file:
            content = file.read()
        if relative in self.tokens:
            content = self.text_with_tokens(content, self.tokens[relative])
        if relative in self.placeholders:
            content = self.with_placeholder(content, self.placeholders[relative])
        return (b"x" if mode & 0o111 else b"f"), hashlib.sha256(content).digest()

    def link_with_tokens(self, target):
        if target == self.interpreter:
            return self.interpreter_link
        for value, token in ((self.named, PREFIX_TOKEN), (self.home, HOME_TOKEN)):
            if value and (target == value or target.startswith(value + b"/")):
                return token + target[len(value) :]
        return target

    def text_with_tokens(self, content, tokens):
        marks = [(at, self.named, PREFIX_TOKEN) for at in tokens["prefix"]]
        marks += [(at, self.home, HOME_TOKEN) for at in tokens["home"]]
        for at, value, token in sorted(marks, reverse=True):  # From the end: offsets stay true.
            if content[at : at + len(value)] == value:
                content = content[:at] + token + content[at + len(value) :]
        return without_trampoline(content) if tokens["trampoline"] else content

    def with_placeholder(self, content, use):
        text = use["text"].encode()
        padding = b"\0" * (len(text) - len(self.named))
        for at in reversed(use["at"]):
            if content[at : at + len(self.named)] != self.named:
                continue
            after = content[at + len(self.named) :]
            if use["mode"] == "binary":  # The string was filled up by so many zeros.
                end = after.index(b"\0")
                after = after[:end] + after[end + len(padding) :]
            content = content[:at] + text + after
        if use["trampoline"]:
            return without_trampoline(content)
        line = use["interpreter"].encode()
        if line:
            program, space, arguments = line.partition(b" ")
            called = b"#!/usr/bin/env " + program.rpartition(b"/")[2] + space + arguments
            if content.startswith(called):
                content = line + content[len(called) :]
        return content


def without_trampoline(content):
    if not content.startswith(TRAMPOLINE):
        return content
    head, _, rest = content[len(TRAMPOLINE) :].partition(TRAMPOLINE_END)
    interpreter, _, arguments = head.partition(b'"')
    return b"#!" + interpreter + arguments + b"\n" + rest


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(Prefix(sys.argv[1]).digest_of_folder().hex())
