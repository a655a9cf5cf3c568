"""Separate tags that ran together when a page was copied: `dpoalignmentrlhf`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from notesearch.corpus.search_text import word_set
from notesearch.spelling import normalise_tag

# Tags that ran together are a few words; a longer text is prose.
_MAX_RUN = 400
# A rest shorter than this is the end of a longer word (`llm` + `ops`), not a tag of its own.
_MIN_REST = 4
# Beside an unknown rest two letters prove nothing (`rl` in `controller`).
_MIN_TERM_BESIDE_REST = 3
_SEPARATORS = " \t,;|·•#"

# Terms of the field, for tags that the corpus has nowhere else; its own tags come first.
_FIELD_TERMS = word_set(
    """
    ablation active-learning adam adapters adversarial adversarial-examples agent agentic agents
    ai alignment anomaly-detection architecture architectures asr attention audio autoencoder
    autoencoders automl autonomous-driving bandits bayesian bayesian-optimization benchmark
    benchmarks bert bias binarization calibration causal causality chain-of-thought chatbot
    classification clip clustering cnn code code-generation coding compilers compression
    computer-vision constitutional-ai context continual-learning contrastive
    contrastive-learning convergence convnets convolution cot curriculum-learning cv data
    data-augmentation data-curation data-quality databases dataset datasets debate deception
    decoding deep-learning deepseek denoising depth detection dialogue diffusion
    diffusion-models distillation distributed distributed-systems distributed-training
    domain-adaptation dpo dqn editing efficiency efficient embedding embeddings emergence energy
    ensembles equivariance ethics eval evals evaluation evolution explainability exploration
    factuality fairness faithfulness federated-learning few-shot fine-tuning finetuning
    flash-attention forecasting foundation-models gan gans gemini generalization generation
    generative generative-models gnn gpt gpu gradient-descent graph graph-neural-networks graphs
    grounding grpo guardrails hallucination hallucinations hardware hci honesty human-feedback
    human-in-the-loop hyperparameters image image-generation imitation-learning
    in-context-learning inference information-retrieval information-theory initialization
    instruction-following instruction-tuning interpretability inverse-rl ir jailbreak jailbreaks
    kernels kl-divergence knowledge knowledge-distillation knowledge-editing knowledge-graph
    knowledge-graphs kv-cache language language-model language-models large-language-models
    latency learning-theory linear-attention llama llm llms long-context lora loss low-rank lstm
    machine-learning machine-translation mamba math mcts mechanistic-interpretability memory
    meta-learning metrics mixture-of-experts ml mlops model-based model-based-rl
    model-compression model-merging model-organisms moe monitoring multi-agent multi-task
    multilingual multimodal named-entity-recognition nas nerf neural-networks nlp normalization
    object-detection offline offline-rl online-learning open-source optimization optimizer
    optimizers overfitting oversight parallelism parsing peft perception personalization
    planning policy policy-gradient policy-optimization pose post-training ppo pre-training
    preference preference-learning preference-optimization preferences pretraining privacy
    process-supervision programming prompt prompting prompts pruning qa quantization
    question-answering rag ranking reasoning recommendation recommender recommender-systems
    recurrent red-teaming regression regularization reinforcement-learning representation
    representation-learning reproducibility resnet retrieval retrieval-augmented-generation
    reward reward-hacking reward-model reward-modeling reward-models rewards rl rlaif rlhf rlvr
    rnn robotics robustness safety sampling scalable-oversight scaling scaling-laws search
    security segmentation self-attention self-consistency self-improvement self-play
    self-supervised self-supervised-learning semi-supervised sentiment seq2seq sequence sft sgd
    sim2real simulation slam sparse sparsity speculative-decoding speech speech-recognition ssm
    stability state-space-models statistics summarization superposition supervised survey
    sycophancy synthetic synthetic-data systems tabular test-time test-time-compute text
    text-generation theory time-series tokenization tokenizer tokenizers tool-use tools
    topic-models tracking training training-dynamics transfer-learning transformer transformers
    translation transparency truthfulness uncertainty unlearning unsupervised
    unsupervised-learning vae verification verifiers video video-generation vision
    vision-language vision-transformer visualization vit vlm vqa watermarking weak-supervision
    weak-to-strong word-embeddings world-models zero-shot
    """
)


class _Piece(NamedTuple):
    """A stretch of the text that is a known tag, or a separator, which has no tag."""

    start: int
    end: int
    tag: str | None
    is_built_in: bool  # a term of the field that is no tag of the corpus


class _Cover(NamedTuple):
    """Known tags that cover a stretch without a gap; the smallest is the best."""

    pieces: int = 0
    built_in: int = 0
    tags: tuple[str, ...] = ()


def split_run_together(text: str, vocabulary: Collection[str]) -> tuple[tuple[str, ...], str]:
    """Cut a text into known tags, as few as cover it, and the rest that is no known tag.

    The tags of `vocabulary`, in its spelling, go before the built-in terms of the field. At
    most one stretch may be left over: it is returned whole, and "" when all is covered.
    Pass the same frozenset for all the texts of a page: its terms are then spelled once.
    """
    run = text.strip()
    if not run or len(run) > _MAX_RUN:
        return (), run
    # The spelling of the terms, each sign by itself, so that the positions stay.
    lower = (char.lower() if len(char.lower()) == 1 else char for char in run)
    letters = "".join(lower).replace("_", "-")
    pieces = _find_pieces(letters, *_spellings(frozenset(vocabulary)))
    whole = _find_covers(pieces, len(run), backwards=False).get(len(run))
    if whole is not None:
        return tuple(dict.fromkeys(whole.tags)), ""
    tags, start, end = _cover_around_rest(letters, pieces)
    return tags, run[start:end]


@lru_cache(maxsize=4)  # a page of cards asks for every one of them with the same vocabulary
def _spellings(vocabulary: frozenset[str]) -> tuple[dict[str, tuple[str, bool]], set[str]]:
    """List how each term may stand in the text, with what they all begin with.

    A spelling leads to its tag, and whether that is only built in.
    """
    spellings: dict[str, tuple[str, bool]] = {}
    # The corpus's own tags first: the first spelling of a term is kept.
    terms = [(tag, False) for tag in sorted(vocabulary)]
    terms += [(term, True) for term in sorted(_FIELD_TERMS)]
    for tag, built_in in terms:
        normal = normalise_tag(tag)
        if len(normal) >= 2:
            for spelling in (normal, normal.replace("-", " "), normal.replace("-", "")):
                spellings.setdefault(spelling, (tag, built_in))
    starts = {spelling[:end] for spelling in spellings for end in range(1, len(spelling) + 1)}
    return spellings, starts


def _find_pieces(
    letters: str, spellings: Mapping[str, tuple[str, bool]], starts: Collection[str]
) -> list[_Piece]:
    """Find every known tag at every place, in the order of their starts."""
    pieces: list[_Piece] = []
    for start, letter in enumerate(letters):
        if letter in _SEPARATORS:
            pieces.append(_Piece(start, start + 1, None, False))
        for end in range(start + 1, len(letters) + 1):
            stretch = letters[start:end]
            if stretch not in starts:
                break
            if stretch in spellings:
                pieces.append(_Piece(start, end, *spellings[stretch]))
    return pieces


def _find_covers(pieces: Iterable[_Piece], length: int, *, backwards: bool) -> dict[int, _Cover]:
    """Find the best cover from the start to each position it reaches; `backwards` from the end."""
    covers = {length if backwards else 0: _Cover()}
    if backwards:
        pieces = sorted(pieces, key=lambda piece: piece.end, reverse=True)
    for start, end, tag, is_built_in in pieces:
        near, far = (end, start) if backwards else (start, end)
        cover = covers.get(near)
        if cover is None:
            continue
        if tag is not None:
            tags = (tag, *cover.tags) if backwards else (*cover.tags, tag)
            cover = _Cover(cover.pieces + 1, cover.built_in + is_built_in, tags)
        covers[far] = min(cover, covers.get(far, cover))
    return covers


def _cover_around_rest(letters: str, pieces: Sequence[_Piece]) -> tuple[tuple[str, ...], int, int]:
    """Find the shortest rest with known tags on both sides: the tags, its start, its end."""
    sure = _sure_pieces(letters, pieces)
    heads = _find_covers(sure, len(letters), backwards=False)
    tails = _find_covers(sure, len(letters), backwards=True)
    best = min(
        (end - start, heads[start].pieces + tails[end].pieces, start, end)
        for start in heads
        for end in tails
        if (start, end) == (0, len(letters)) or _is_rest(letters[start:end])
    )
    start, end = best[2:]
    return tuple(dict.fromkeys(heads[start].tags + tails[end].tags)), start, end


def _sure_pieces(letters: str, pieces: Sequence[_Piece]) -> list[_Piece]:
    """Leave out what proves too little beside a rest: short terms, and halves of a word.

    In `agentic-searchrag` the hyphen shows that `agentic` goes on, so `agent` is no tag there.
    """
    go_on = {piece.start for piece in pieces if letters[piece.end :].startswith("-")}
    began_before = {piece.end for piece in pieces if letters[: piece.start].endswith("-")}
    return [
        piece
        for piece in pieces
        if piece.tag is None
        or (
            piece.end - piece.start >= _MIN_TERM_BESIDE_REST
            and piece.start not in go_on
            and piece.end not in began_before
        )
    ]


def _is_rest(stretch: str) -> bool:
    """Return whether a stretch can be a tag of its own: a hyphen binds it to its neighbour."""
    return len(stretch) >= _MIN_REST and stretch == stretch.strip("-/")
