"""Read from a heading what its section is for: its roles, such as limitations."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable, Iterator, Mapping
from functools import cache, lru_cache
from itertools import product
from types import MappingProxyType

from notesearch.records import Role


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


# A longer heading is a title or a sentence.
MAX_HEADING = 100
# A longer phrase, or one with code in it, is not the sum of its parts.
_MAX_PART_WORDS = 8

# The phrases of a role, with semicolons between. `idea(s)` is idea and ideas, `weak|sore point`
# weak point and sore point. Words of _MODIFIERS are dropped in front, and what `and` joins is
# looked up part by part. A phrase may stand for several roles.
_ROLE_PHRASES = {
    Role.TLDR: """tldr; tl dr; too long did not read; one line|sentence|paragraph summary; one
        liner; one liner summary; in a nutshell; in short|brief; gist; bottom line; at a glance;
        elevator pitch; in a word; short version; in one|two|three|few
        line(s)|sentence(s)|paragraph(s)|word(s); in a few lines|sentences|words;
        summary|idea|paper|it|this in one|two|three line(s)|sentence(s);
        summary|idea|paper|it|this in one|a paragraph|nutshell; if you read one thing""",
    Role.SUMMARY: """summary; overview; synopsis; summarization; high level overview; executive
        summary; recap; conclusion(s); concluding|closing remarks; in summary; to sum up; wrap
        up; what is it|this about; what is the|this paper about; what it|this is; what it is
        about; what it|this says|does; what the|this paper says|does; in conclusion""",
    Role.ABSTRACT: "abstract; abstract of the paper; original abstract",
    Role.MOTIVATION: """motivation(s); why; background; problem(s); purpose; rationale;
        problem|task statement|definition|setting|formulation|description; why i picked this up;
        why i read|chose|picked this|it; why i am reading this|it; why it|this matters; why does
        it|this matter; why is it|this important|interesting|hard|needed; why care; why should
        i|we|anyone care; goal(s); objective(s); aim(s); question; research
        question(s)|problem(s)|gap(s); the question; gap; need; complaint; dilemma; puzzle;
        importance; significance; starting point; point of departure; what problem|question does
        it|this solve|address|answer; what it|this asks; what problem does the|this paper
        solve|address; what problem is being solved; what is the problem|question; what it is
        for; mismatch""",
    Role.KEY_IDEAS: """idea(s); big idea; contribution(s); what is new; novelty; novelties;
        innovation(s); invention(s); key point(s); main points; takeaway(s); take away(s); take
        home message(s)|point(s); takehome; key notes; keynotes; key|core|main
        concept(s)|message(s)|argument(s)|lesson(s)|insight(s)|thing(s); insight(s);
        intuition(s); what i learned|learnt; lesson(s); lessons learned|learnt; claim(s); thesis;
        hypothesis; hypotheses; key facts|features; proposal; trick(s); what is proposed|claimed;
        what it|they propose(s)|claim(s)|suggest(s)|add(s); line(s) of argument; selling points""",
    Role.METHOD: """method(s); methodology; methodologies; approach; approaches; how; how it|this
        works; how does it|this|that work; how it|this is done; how they do|did it|this; what
        is|was done; what they do|did; technical|algorithmic detail(s); technical approach;
        details; model(s); design; architecture(s); model|network|system architecture;
        model|method|implementation|training details; algorithm(s); system design|overview;
        implementation; solution(s); solution approach; formulation; training; training
        procedure|recipe|objective|setup; technique(s); setup; set up; setting; framework; formal
        frame|framework|description; loss; loss|objective function; procedure; recipe;
        mechanism(s); pipeline; remedy; remedies; materials and methods; derivation""",
    Role.RESULTS: """result(s); experiment(s); evaluation(s); finding(s); benchmark(s);
        ablation(s); ablation study|studies; analysis; analyses; outcome(s); observation(s);
        evidence; numbers; quantitative|qualitative|empirical|experimental|human
        results|evaluation|analysis|evidence|study; experimental setup|design|details;
        experimental set up; proof of concept; empirics; gains; what it|they|this|we
        found|find(s)|show(s)|showed; what was found; what works|worked; does it work; how well
        does it work|do; how well it works|does""",
    Role.HIGHLIGHTS: """highlight(s); what stood out; what stood out to me; what i liked;
        interesting; interesting|surprising|notable|noteworthy|striking
        thing(s)|fact(s)|detail(s)|finding(s)|idea(s);
        interesting|surprising|cool|neat|curious|fun|memorable|favourite|favorite
        bit(s)|part(s)|point(s)|quote(s)|observation(s); quote(s); surprise(s); surprising;
        striking; noteworthy; what surprised|struck|impressed|amazed me|us; what i found
        interesting|surprising|striking|noteworthy|remarkable; what is
        interesting|surprising|striking|noteworthy|remarkable; worth
        noting|remembering|keeping|quoting; things|points|details to remember|keep; annotations;
        best bit(s)|part(s); passages; gems; nuggets; curiosities""",
    Role.STRENGTHS: """strength(s); pro; pros; advantage(s); benefit(s); merit(s); virtue(s);
        upside(s); likes; positives; the good; in its favour|favor; in
        favour|favor; for it; arguments for; strong|good|positive|bright|nice|convincing
        side(s)|point(s)|part(s)|aspect(s)|spot(s)|thing(s); what is
        good|strong|nice|convincing|great|right; what is well done; what works|worked well; what
        it|they does|do|did|gets|get well|right; what convinces|convinced me; why it is good""",
    Role.LIMITATIONS: """limit(s); limitation(s); weak; weakness; weaknesses; con; cons;
        drawback(s); downside(s); disadvantage(s); shortcoming(s); flaw(s); defect(s);
        deficiency; deficiencies; failing(s); failure(s); failure case(s)|mode(s); caveat(s);
        caution(s); reservation(s); doubt(s); hesitation(s); worry; worries; concern(s);
        objection(s); misgiving(s); qualm(s); scepticism; skepticism; criticism(s); critique(s);
        critical analysis|reading|view|look|remark(s)|note(s)|point(s)|comment(s); pitfall(s);
        risk(s); danger(s); gaps; trade off(s); negatives; the bad; dislikes;
        issue(s); known problem(s); threats to validity; complaints; counterargument(s); counter
        argument(s); arguments against; against it|this; reading it with care; with a grain|pinch
        of salt; loose end(s);
        weak|sore|soft|blind|thin|sticking|bad|negative|problematic|dark|open|unconvincing
        spot(s)|side(s)|point(s)|part(s)|area(s)|aspect(s)|link(s)|end(s)|issue(s); open; what is
        left open; what is
        weak|missing|wrong|bad|lacking|doubtful|questionable|unconvincing|problematic|absent;
        what is not good|great|shown|tested|covered|said|convincing|clear; what is left
        out|unsaid; what was not shown|tested|covered; what
        worries|bothers|troubles|concerns|annoys|disturbs me|us; what|where i
        doubt|question|dislike|disliked|miss|missed|mistrust|distrust|disagree|hesitate;
        what|where i would question|doubt|disagree; where i would be careful; what|where i am
        not|less convinced|sure; what i did|do not like|believe|buy|trust; where it|this|that
        fails|breaks|leaks|stops|ends|struggles|hurts; where the
        method|paper|idea|analogy|argument|model fails|breaks|leaks|stops|ends|struggles; where
        it|this falls short; where it breaks down; what it|this|they gives|give up; what
        it|this|they lacks|lack|misses|miss|ignores|ignore; what it|this|they leaves|leave out;
        what it|this|they can|does|do|did not do|say|show|cover|test; what did|does|do not work;
        what goes|went wrong; what can|could go wrong; what could|can|should be better|improved;
        when it|this fails|breaks; when not to use it|this; why it|this may|might|could fail; why
        it|this fails; how it|this fails; not convinced""",
    Role.THOUGHTS: """thought(s); my take; questions; open question(s); impression(s);
        comment(s); opinion(s); reflection(s); remark(s); discussion; critical analysis /
        thoughts; my view; my two cents; commentary; verdict; reading reflections; food for
        thought; unclear; unclear points; confusion(s); puzzles; thing(s) i did|do not
        understand|get; what i did|do not understand|get; what puzzles|confuses|intrigues me;
        what is unclear; what remains unclear|open; what is still unclear|open; what is left
        open; open; open point(s)|issue(s)|end(s); follow up questions; questions to|for
        myself|answer|think about; discussion points; what i think|make of it; what to make of
        it; assessment; final|concluding|closing|parting|random thought(s); afterthought(s);
        musings; note(s) to self; weighing it; what it|this means; what it|this means for me|us;
        what it is worth; implication(s); reading it today""",
    Role.RELATED: """related; related work(s)|paper(s)|note(s)|topic(s)|concept(s)|idea(s)|links;
        related reading|literature|approaches|methods|research; connection(s);
        connection(s)|relation(s)|relevance|link(s) to my|other|previous|prior
        work|notes|papers|research; relevance; prior|previous|earlier|existing|similar
        work|papers|approaches|methods|literature; see also; comparison with|to
        related|prior|other|previous work|methods|approaches|papers; variants and related
        concepts; how it|this relates to my|other work; how it|this compares; compared to|with
        others; literature review; further reading; where it|this fits; where it comes from;
        place in the story|literature|field; backlinks""",
    Role.NEXT_STEPS: """next; next step(s); what is next; what next; what comes next; up next;
        future; what i am trying next; what i would|will try|do|read|test|check next; what i want
        to try|do|read|test|check next; what to try|read|do next; future
        work(s)|direction(s)|research|plan(s)|idea(s); future
        challenge(s)|extension(s)|improvement(s)|development(s); future research directions;
        follow up(s); follow up work|reading|experiments|ideas; todo(s); to do(s); to
        read|try|check|explore; action item(s); idea(s) to try; thing(s)|paper(s) to
        try|read|check|do|explore; thing(s)|paper(s) to follow|look up; open problems;
        extension(s); further work|exploration|research|steps; direction(s); improvement(s);
        experiments to run|try; roadmap; outlook; where to go next|from here; looking
        ahead|forward""",
}
_SPELLINGS = (
    ("’", "'"), ("‘", "'"), ("`", "'"), ("&", " and "), ("-", " "),
    ("what's", "what is"), ("it's", "it is"), ("i'm", "i am"), ("i'd", "i would"), ("n't", " not"),
    ("cannot", "can not"), ("ca not", "can not"),
)  # fmt: skip


def _spell(text: str) -> str:
    """Return the spelling in which phrases are looked up."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    for written, meant in _SPELLINGS:
        plain = plain.replace(written, meant)
    return " ".join(plain.split())


def read_phrases(table: str) -> frozenset[str]:
    """Read a table of phrases, written as those of the roles."""
    return frozenset(phrase for written in _spell(table).split(";") for phrase in _spread(written))


def _spread(written: str) -> Iterator[str]:
    """Yield each phrase that `weak|sore point(s)` stands for."""
    choices = [
        [form for choice in word.split("|") for form in _one_and_many(choice)]
        for word in written.split()
    ]
    return map(" ".join, product(*choices))


def _one_and_many(word: str) -> tuple[str, ...]:
    return (word.removesuffix("(s)"), word.replace("(s)", "s")) if "(s)" in word else (word,)


@cache
def role_phrases() -> Mapping[str, tuple[Role, ...]]:
    """Return the roles of each phrase that has one."""
    roles: dict[str, tuple[Role, ...]] = {}
    for role, table in _ROLE_PHRASES.items():
        for phrase in read_phrases(table):
            roles[phrase] = (*roles.get(phrase, ()), role)
    return MappingProxyType(roles)


# Words in front that leave the meaning: "Main results", "My overall impression".
_MODIFIERS = read_phrases(
    """a; additional; any; biggest; brief; central; core; critical; current; detailed; empirical;
    experimental; few; final; further; general; honest; important; interesting; its; key; known;
    main; major; more; my; notable; obvious; other; our; overall; own; paper; paper's; personal;
    possible; potential; primary; proposed; quick; random; remaining; reported; serious; several;
    short; some; the; their; theoretical; this; three; two; four; five"""
)
# Phrases that keep their role before an object: "Limitations of DPO" are limitations, but
# "Design of experiments" and "Discussion of softmax" are about their object.
_BEFORE_OBJECT = read_phrases(
    """limit(s); limitation(s); weaknesses; weak spot(s)|side(s)|point(s); drawbacks;
    disadvantages; downsides; shortcomings; flaws; cons; pros and cons; caveats; criticism(s);
    critique; doubts; reservations; objections; concerns; worries; strengths; strong points;
    advantages; benefits; pros; advantages and disadvantages; strengths and weaknesses; results;
    experiments; findings; evidence; motivation(s); takeaways; main idea; key ideas; key points;
    contributions; lessons; lessons learned; summary; overview; recap; thoughts; reflections;
    conclusions; highlights; insights; next steps; future work|directions; why"""
)
_OBJECT = r"\s(?:of|on|in|for|with|from|to|about|behind)\s"
_AND = r"\s?[/|,–—+]\s?|:\s|\s-\s|\sand\s|\sor\s"

_NUMBER = (
    r"(?:(?:part|section|step|chapter|question|q)\s)?"
    r"(?:\(?\d{1,3}(?:\.\d{1,3}){0,4}[.):]?|\(?[ivx]{1,5}[.)]|[a-h][.)])"
    r"(?=\s|$|[^\W\d])\s{0,4}[-–—:.]?\s{0,4}"
)
_LINK = r"!?\[([^\[\]]{0,200})\]\([^()\s]{0,400}\)"
_ATTRIBUTES = r"\{[^{}]{0,200}\}$|\s\([^()]{0,200}\)$"
_EMOJI_CODE = r":[a-z0-9_+-]{2,40}:"
_TLDR = r"\btl\s?[;:,./]?\s?dr\b"
_SYMBOLS = frozenset({"So", "Sk", "Mn", "Me", "Cf", "Cc", "Cn", "Co", "Cs"})
_AROUND_PHRASE = " \t#:;.,!?-–—=~>'\"“”[]{}|\\•·"
_TLDR_LINE = r"[\s>*+_#-]{0,20}tl\s?;?\s?dr\b[*_\s]{0,4}(?:[;:.,?!—–-]|\*\*|__|$)"
_CALLOUT = r"[\s>]{0,12}\[!([a-z]{2,20})\]"
# Kinds of boxes that say how they look, or another thing than a heading of that word.
_BOXES = {
    "question": (Role.THOUGHTS,),
    **dict.fromkeys(("caution", "danger", "failure", "quote"), ()),
}


def roles_of(heading: str) -> tuple[Role, ...]:
    """Return the roles that a heading, or a word such as `limitations`, gives to a section."""
    phrase = bare_heading(heading)
    if roles := _roles_of_phrase(phrase):
        return roles
    if heading.lstrip("# ").startswith("["):
        return ()  # a link is a title, whatever words are in it
    head = _compiled(_OBJECT).split(phrase, maxsplit=1)[0]
    if head != phrase and without_modifiers(head, _BEFORE_OBJECT):
        return roles_of(head)
    if "`" in heading or len(phrase.split()) > _MAX_PART_WORDS:
        return ()
    return join_roles(map(_roles_of_phrase, split_phrase(phrase)))


def join_roles(several: Iterable[tuple[Role, ...]]) -> tuple[Role, ...]:
    """Return the roles of several headings or pieces, each once."""
    return tuple(dict.fromkeys(role for roles in several for role in roles))


def roles_of_line(line: str) -> tuple[Role, ...]:
    """Return the roles that a line claims for its paragraph: `tl;dr: text`, `> [!abstract]`."""
    start = line[:MAX_HEADING]
    if _compiled(_TLDR_LINE).match(start):
        return (Role.TLDR,)
    callout = _compiled(_CALLOUT).match(start)
    kind = _spell(callout[1]) if callout else ""
    return _BOXES.get(kind, role_phrases().get(kind, ()))


@lru_cache(maxsize=4096)  # layouts, title and sections ask for the same headings
def bare_heading(heading: str) -> str:
    """Take marks, emoji, number and colon off a heading; "" for one that is too long."""
    if len(heading) > 4 * MAX_HEADING:
        return ""
    text = _compiled(_LINK).sub(r"\1", heading)
    text = _compiled(_EMOJI_CODE).sub(" ", _spell(text).replace("*", "").replace("_", " "))
    text = "".join(char for char in text if unicodedata.category(char) not in _SYMBOLS)
    text = _compiled(_ATTRIBUTES).sub("", text.rstrip(" :")).strip(_AROUND_PHRASE)
    if _compiled(_NUMBER).match(text):
        text = _compiled(_NUMBER).sub("", text, count=1).strip(_AROUND_PHRASE)
    text = _compiled(_TLDR).sub("tldr", text)
    return " ".join(text.split()) if len(text) <= MAX_HEADING else ""


def split_phrase(phrase: str) -> list[str]:
    """Separate the parts of `experiments and results`, `notes / questions`."""
    return _compiled(_AND).split(phrase)


def _roles_of_phrase(phrase: str) -> tuple[Role, ...]:
    known = role_phrases()
    return known.get(without_modifiers(phrase, known) or "", ())


def without_modifiers(phrase: str, known: Container[str]) -> str | None:
    """Return the known phrase that is left when modifiers in front are dropped, if there is one."""
    words = phrase.split()
    while words and " ".join(words) not in known:
        if words[0] not in _MODIFIERS:
            return None
        words = words[1:]
    return " ".join(words) or None
