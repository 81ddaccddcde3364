#!/usr/bin/env python3
"""Every mutant of a folder in one build: tests/mutants.py TREE FOLDER [--only REGEX]   (called by tests/mutants)

cargo-mutants says what to change; here each change becomes a branch that an environment variable takes, so that all of
them are compiled once and a mutant costs one run of the tests. A change that cannot stand beside the original (it does
not compile, or is in a constant) is taken out and listed as `not switched`: give those to cargo mutants itself.
"""
import collections, concurrent.futures, contextlib, json, os, re, resource, signal, subprocess, sys

import tree_sitter, tree_sitter_rust

TREE, FOLDER = sys.argv[1], sys.argv[2]
ONLY = re.compile(sys.argv[4]) if len(sys.argv) > 4 and sys.argv[3] == "--only" else None
# Most of those that hang wait for something, so that some at once cost little; and so long by the wall's clock.
AT_ONCE, WAIT_SECONDS = 3, 120
PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_rust.language()))
SWITCH = """
//! Which mutant is alive in this run.
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};
static ALIVE: LazyLock<u32> = LazyLock::new(|| {
    let alive = std::env::var("TACTGATE_MUTANT").ok().and_then(|n| n.parse().ok()).unwrap_or(0);
    if alive > 0 {
        // The first failure is enough.
        std::panic::set_hook(Box::new(|_| {
            std::process::abort();
        }));
    }
    alive
});
static REACHED: [AtomicBool; 4096] = [const { AtomicBool::new(false) }; 4096];
static NOTED: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("TACTGATE_REACHED").ok());
/// True in the run of this mutant; without one, notes that a test came here.
pub fn on(number: u32) -> bool {
    if let (0, Some(path)) = (*ALIVE, &*NOTED) {
        if !REACHED[number as usize].swap(true, Ordering::Relaxed) {
            if let Ok(mut file) = std::fs::OpenOptions::new().append(true).create(true).open(path) {
                let _ = std::io::Write::write_all(&mut file, format!("{number}\\n").as_bytes());
            }
        }
        return false;
    }
    *ALIVE == number
}
"""


def on(number):
    return f"crate::mutant::on({number})"


class File:
    """One source file, its mutants by place, and the text with all of them in it."""

    def __init__(self, path, mutants):
        self.path, self.mutants = path, mutants
        self.source = open(os.path.join(TREE, path), "rb").read()
        lines = self.source.split(b"\n")
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line) + 1)

        def offset(place):
            line = lines[place["line"] - 1].decode()
            return starts[place["line"] - 1] + len(line[: place["column"] - 1].encode())

        self.at = collections.defaultdict(list)
        for number, mutant in mutants.items():
            self.at[mutant["genre"], offset(mutant["span"]["start"])].append((number, mutant))
        self.root = PARSER.parse(self.source).root_node
        self.placed = set()

    def text(self, dead):
        self.dead, self.placed = dead, set()
        return self.emit(self.root)

    def raw(self, node):
        return self.source[node.start_byte : node.end_byte].decode()

    def living(self, genre, start):
        found = [(n, m) for n, m in self.at.get((genre, start), []) if n not in self.dead]
        self.placed.update(n for n, _ in found)
        return found

    def children(self, node):
        out, at = [], node.start_byte
        for child in node.children:
            out += [self.source[at : child.start_byte].decode(), self.emit(child)]
            at = child.end_byte
        return "".join(out) + self.source[at : node.end_byte].decode()

    def emit(self, node):
        kind = node.type
        text = self.children(node) if node.child_count else self.raw(node)
        # A body that answers at once: its first token is where the mutant is said to be.
        if node.parent is not None and node.parent.type == "block" and node.parent.parent is not None:
            if node.parent.parent.type == "function_item" and node.is_named:
                for number, mutant in self.living("FnValue", node.start_byte):
                    if mutant["function"]["span"]["start"]["line"] <= node.start_point[0] + 1:
                        text = f"if {on(number)} {{ return {mutant['replacement']}; }}\n{text}"
        if kind in ("binary_expression", "compound_assignment_expr"):
            operator = node.child_by_field_name("operator")
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            found = self.living("BinaryOperator", operator.start_byte)
            if found:
                branches = [f"if {on(n)} {{\n{self.raw(left)} {m['replacement']} {self.raw(right)} }} else " for n, m in found]
                text = f"({''.join(branches)}{{\n{text} }})"
        elif kind == "unary_expression":
            for number, mutant in self.living("UnaryOperator", node.start_byte):
                text = f"(if {on(number)} {{\n{self.raw(node.children[-1])} }} else {{\n{text} }})"
        elif kind == "match_arm":
            pattern, value = node.child_by_field_name("pattern"), node.child_by_field_name("value")
            condition = pattern.child_by_field_name("condition")
            guards, inner = [], None
            # Without an arm for everything the match would not compile, deleted or not.
            last = [self.raw(arm.child_by_field_name("pattern")) for arm in node.parent.children if arm.type == "match_arm"]
            for number, _ in self.living("MatchArm", node.start_byte) if "_" in last else []:
                guards.append(f"!{on(number)}")
            if condition is not None and condition.type not in ("let_condition", "let_chain"):
                inner = f"({self.emit(condition)})"
                for number, mutant in self.living("MatchArmGuard", condition.start_byte):
                    inner = f"({on(number)} || {inner})" if mutant["replacement"] == "true" else f"(!{on(number)} && {inner})"
            if condition is None or inner is not None:
                guards += [inner] if inner else []
                end = pattern.children[0].end_byte if condition is None else max(
                    c.end_byte for c in pattern.children if c.end_byte <= condition.start_byte and c.type != "if"
                )
                bare = self.source[node.start_byte : end if condition is not None else pattern.end_byte].decode()
                tail = self.emit(value) + self.source[value.end_byte : node.end_byte].decode()
                clause = f" if {' && '.join(guards)}" if guards else ""
                text = f"{bare}{clause}\n => {tail}"
        elif kind in ("field_initializer", "shorthand_field_initializer") and node.parent is not None:
            bases = [c for c in node.parent.children if c.type == "base_field_initializer"]
            for number, _ in self.living("StructField", node.start_byte) if bases else []:
                name = self.raw(node.child_by_field_name("field") or node.children[0])
                value = node.child_by_field_name("value")
                given = self.emit(value) if value is not None else name
                text = f"{name}: if {on(number)} {{\n({self.raw(bases[0])[2:]}).{name} }} else {{\n{given} }}"
        return text


def cargo(*arguments):
    return subprocess.run(["cargo", *arguments], cwd=TREE, capture_output=True, text=True)


def build(files, every):
    """Compiles with all mutants; those that the compiler does not take are out."""
    dead = set()
    for _ in range(40):
        for file in files:
            with open(os.path.join(TREE, file.path), "w") as out:
                out.write(file.text(dead))
        done = cargo("test", "--lib", "--test", "it", "--no-run", "--message-format", "json")
        messages = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        if done.returncode == 0:
            executables = [m["executable"] for m in messages if m.get("executable")]
            return executables, dead
        bad = set()
        for message in (m["message"] for m in messages if m["reason"] == "compiler-message"):
            if message["level"] != "error":
                continue
            for span in message["spans"]:
                if not span["is_primary"]:
                    continue
                lines = open(os.path.join(TREE, span["file_name"])).read().split("\n")
                for line in range(span["line_start"], 0, -1):
                    numbers = [int(n) for n in re.findall(r"mutant::on\((\d+)\)", lines[line - 1])]
                    alive = [n for n in numbers if n not in dead]
                    if alive:
                        bad.add(alive[-1])
                        break
        print(f"-- {len(bad)} do not compile beside the original", file=sys.stderr, flush=True)
        if not bad and done.returncode != 0:
            print(done.stderr[-3000:], [m["message"]["rendered"] for m in messages if m.get("reason") == "compiler-message" and m["message"]["level"] == "error"][:5], file=sys.stderr)
            sys.exit(2)
        dead |= bad
    sys.exit("no end of errors")


def environment(**more):
    return dict(os.environ, PROPTEST_MAX_SHRINK_ITERS="0", CARGO_MANIFEST_DIR=TREE, **more)


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def reaching(executables):
    """Which tests come by which mutant: each test is run once alone, and has to pass."""
    reach, skips = collections.defaultdict(list), os.environ.get("TACTGATE_SKIPS", "").split()
    notes = os.path.join(TREE, "..", "reached.txt")
    for executable in executables:
        listed = subprocess.run([executable, "--list", *skips], cwd=TREE, capture_output=True, text=True).stdout
        for test in re.findall(r"^(.*): test$", listed, re.M):
            if os.path.exists(notes):
                os.remove(notes)
            before = processor_seconds()
            done = subprocess.run([executable, "-q", "--exact", test], cwd=TREE, capture_output=True, text=True,
                                  env=environment(TACTGATE_REACHED=notes), timeout=600)
            if done.returncode != 0:
                sys.exit(f"{test} fails with no mutant alive\n{done.stdout[-2000:]}")
            for number in set(open(notes).read().split()) if os.path.exists(notes) else []:
                reach[int(number)].append((processor_seconds() - before, executable, test))
    return reach


def run(reached, number, kills):
    """Those first that noticed most so far, then the quickest; the first that fails is enough."""
    for seconds, executable, test in sorted(reached, key=lambda one: (-kills[one[2]], one[0])):
        alive = environment(TACTGATE_MUTANT=str(number))
        # By the processor's clock: at low priority on a busy machine a second can take a minute.
        most = int(10 + 10 * seconds)
        child = subprocess.Popen([executable, "-q", "--exact", test], cwd=TREE, env=alive, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL, process_group=0)
        resource.prlimit(child.pid, resource.RLIMIT_CPU, (most, most + 1))
        try:
            code = child.wait(WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            code = None
        # With what it started itself.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        if code is None or code in (-signal.SIGXCPU, -signal.SIGKILL):
            child.wait()
            return "timeout", test
        if code != 0:
            kills[test] += 1
            return "caught", test
    return "missed", f"{len(reached)} tests come by"


def main():
    listed = json.loads(cargo("mutants", "--list", "--json", "-f", f"src/{FOLDER}/**").stdout)
    every = {n: mutant for n, mutant in enumerate(listed, 1) if not ONLY or ONLY.search(mutant["name"])}
    by_file = collections.defaultdict(dict)
    for number, mutant in every.items():
        by_file[mutant["file"]][number] = mutant
    files = [File(path, mutants) for path, mutants in by_file.items()]
    with open(os.path.join(TREE, "src/mutant.rs"), "w") as out:
        out.write(SWITCH)
    with open(os.path.join(TREE, "src/lib.rs"), "a") as out:
        out.write("pub mod mutant;\n")
    executables, dead = build(files, every)
    placed = set().union(*(file.placed for file in files)) - dead
    print(f"-- {len(every)} mutants, {len(placed)} switched", file=sys.stderr, flush=True)
    reach = reaching(executables)
    print("-- the tests pass with no mutant alive", file=sys.stderr, flush=True)
    counts, kills = collections.Counter(), collections.defaultdict(collections.Counter)

    def tried(one):
        number, mutant = one
        return mutant, run(reach[number], number, kills[mutant["file"]]) if number in placed else ("not switched", "")

    with open(os.path.join(TREE, "..", "switched.txt"), "w") as out, concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for mutant, (outcome, by) in pool.map(tried, every.items()):
            counts[outcome] += 1
            print(f"{outcome}\t{mutant['name']}\t{by}", file=out, flush=True)
            if outcome != "caught":
                print(f"{outcome}\t{mutant['name']}\t{by}", flush=True)
    print(dict(counts), flush=True)


main()
