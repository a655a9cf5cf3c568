"""Words of the field, to cut tags apart that ran together when a page was copied.

They help where the corpus itself has not written the tag elsewhere; its own words come first.
"""

from __future__ import annotations

_TERMS = """
ablation active-learning adam adapters adversarial adversarial-examples agent agentic agents ai
alignment anomaly-detection architecture architectures asr attention audio autoencoder
autoencoders automl autonomous-driving bandits bayesian bayesian-optimization benchmark
benchmarks bert bias binarization calibration causal causality chain-of-thought chatbot
classification clip clustering cnn code code-generation coding compilers compression
computer-vision constitutional-ai context continual-learning contrastive contrastive-learning
convergence convnets convolution cot curriculum-learning cv data data-augmentation data-curation
data-quality databases dataset datasets debate deception decoding deep-learning deepseek
denoising depth detection dialogue diffusion diffusion-models distillation distributed
distributed-systems distributed-training domain-adaptation dpo dqn editing efficiency efficient
embedding embeddings emergence energy ensembles equivariance ethics eval evals evaluation
evolution explainability exploration factuality fairness faithfulness federated-learning
few-shot fine-tuning finetuning flash-attention forecasting foundation-models gan gans gemini
generalization generation generative generative-models gnn gpt gpu gradient-descent graph
graph-neural-networks graphs grounding grpo guardrails hallucination hallucinations hardware hci
honesty human-feedback human-in-the-loop hyperparameters image image-generation
imitation-learning in-context-learning inference information-retrieval information-theory
initialization instruction-following instruction-tuning interpretability inverse-rl ir jailbreak
jailbreaks kernels kl-divergence knowledge knowledge-distillation knowledge-editing
knowledge-graph knowledge-graphs kv-cache language language-model language-models
large-language-models latency learning-theory linear-attention llama llm llms long-context lora
loss low-rank lstm machine-learning machine-translation mamba math mcts
mechanistic-interpretability memory meta-learning metrics mixture-of-experts ml mlops
model-based model-based-rl model-compression model-merging model-organisms moe monitoring
multi-agent multi-task multilingual multimodal named-entity-recognition nas nerf neural-networks
nlp normalization object-detection offline offline-rl online-learning open-source optimization
optimizer optimizers overfitting oversight parallelism parsing peft perception personalization
planning policy policy-gradient policy-optimization pose post-training ppo pre-training
preference preference-learning preference-optimization preferences pretraining privacy
process-supervision programming prompt prompting prompts pruning qa quantization
question-answering rag ranking reasoning recommendation recommender recommender-systems
recurrent red-teaming regression regularization reinforcement-learning representation
representation-learning reproducibility resnet retrieval retrieval-augmented-generation reward
reward-hacking reward-model reward-modeling reward-models rewards rl rlaif rlhf rlvr rnn
robotics robustness safety sampling scalable-oversight scaling scaling-laws search security
segmentation self-attention self-consistency self-improvement self-play self-supervised
self-supervised-learning semi-supervised sentiment seq2seq sequence sft sgd sim2real simulation
slam sparse sparsity speculative-decoding speech speech-recognition ssm stability
state-space-models statistics summarization superposition supervised survey sycophancy synthetic
synthetic-data systems tabular test-time test-time-compute text text-generation theory
time-series tokenization tokenizer tokenizers tool-use tools topic-models tracking training
training-dynamics transfer-learning transformer transformers translation transparency
truthfulness uncertainty unlearning unsupervised unsupervised-learning vae verification
verifiers video video-generation vision vision-language vision-transformer visualization vit vlm
vqa watermarking weak-supervision weak-to-strong word-embeddings world-models zero-shot
"""

FIELD_TERMS = frozenset(_TERMS.split())
