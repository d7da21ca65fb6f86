"""The requests and answers of the gateway, for the OpenAPI schema.

Validation is ``gateway.wire``'s, for both doors; these describe it.
"""

from rest_framework import serializers

from catalog.features import FEATURES
from catalog.models import MODALITIES, OUTPUTS
from catalog.names import TAGS
from catalog.operations import OPERATIONS
from clod_site.lib.described import USD, Described
from gateway.wire import fields
from gateway.wire.completions.request import MOST_CHOICES, USUAL_LIMIT
from gateway.wire.embeddings.request import MOST_INPUTS
from gateway.wire.messages import ROLES

# --- what is asked -----------------------------------------------------------------------------------


class MessageSerializer(Described):
    role = serializers.ChoiceField(choices=ROLES)
    content = serializers.JSONField(
        required=False,
        help_text="Text, or a list of parts: text, image_url, input_audio, file. An assistant's may be null beside tool_calls.",
    )
    name = serializers.CharField(required=False, max_length=64)
    tool_calls = serializers.ListField(child=serializers.DictField(), required=False, help_text="Of an assistant: what it called.")
    tool_call_id = serializers.CharField(required=False, help_text="Of a tool: the call it answers.")


class MaxPriceSerializer(Described):
    prompt = serializers.FloatField(required=False, min_value=0, help_text="Dollars per million tokens, routing fee included.")
    completion = serializers.FloatField(required=False, min_value=0, help_text="The same for the answer.")
    request = serializers.FloatField(required=False, min_value=0, help_text="The most this call may cost, in dollars.")


class PreferencesSerializer(Described):
    only = serializers.ListField(child=serializers.CharField(), required=False, help_text="Providers or data centers that may answer.")
    ignore = serializers.ListField(child=serializers.CharField(), required=False, help_text="Those that may not.")
    order = serializers.ListField(child=serializers.CharField(), required=False, help_text="Those to try first, in this order.")
    sort = serializers.ChoiceField(choices=TAGS, required=False, help_text="A strategy for names without one.")
    max_price = MaxPriceSerializer(required=False)
    allow_fallbacks = serializers.BooleanField(required=False, help_text="false: only the first, or only those in order.")


class StreamOptionsSerializer(Described):
    include_usage = serializers.BooleanField(required=False, help_text="A last chunk with the usage of the whole call.")


class ChatCompletionRequestSerializer(Described):
    model = serializers.CharField(
        required=False,
        max_length=200,
        help_text="A name, slug or vendor id, with strategy tags if you like: 'GPT 4o', 'GPT 4o@price@latency', or '@latency' alone.",
    )
    models = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        max_length=fields.MOST_MODELS,
        help_text="Fallbacks, tried in order before the first byte; three with the model.",
    )
    provider = PreferencesSerializer(required=False)
    messages = MessageSerializer(many=True)
    stream = serializers.BooleanField(required=False, default=False)
    stream_options = StreamOptionsSerializer(required=False)
    max_completion_tokens = serializers.IntegerField(
        required=False, min_value=1, help_text="The longest answer. max_tokens means the same."
    )
    max_tokens = serializers.IntegerField(required=False, min_value=1)
    temperature = serializers.FloatField(required=False, min_value=0, max_value=2)
    top_p = serializers.FloatField(required=False, min_value=0, max_value=1)
    n = serializers.IntegerField(required=False, min_value=1, max_value=128)
    stop = serializers.JSONField(required=False, help_text="A text to stop at, or a list of up to 16.")
    seed = serializers.IntegerField(required=False)
    presence_penalty = serializers.FloatField(required=False, min_value=-2, max_value=2)
    frequency_penalty = serializers.FloatField(required=False, min_value=-2, max_value=2)
    logprobs = serializers.BooleanField(required=False)
    top_logprobs = serializers.IntegerField(required=False, min_value=0, max_value=20)
    logit_bias = serializers.DictField(child=serializers.FloatField(min_value=-100, max_value=100), required=False)
    tools = serializers.ListField(child=serializers.DictField(), required=False, max_length=128)
    tool_choice = serializers.JSONField(required=False, help_text="none, auto, required, or an object that names a tool.")
    parallel_tool_calls = serializers.BooleanField(required=False)
    response_format = serializers.DictField(required=False, help_text="type: text, json_object or json_schema.")
    reasoning_effort = serializers.ChoiceField(choices=fields.CHOICES["reasoning_effort"], required=False)
    verbosity = serializers.ChoiceField(choices=fields.CHOICES["verbosity"], required=False)
    modalities = serializers.ListField(child=serializers.ChoiceField(choices=["text", "audio"]), required=False)
    audio = serializers.DictField(required=False, help_text="voice and format, where modalities has audio.")
    prediction = serializers.DictField(required=False)
    metadata = serializers.DictField(child=serializers.CharField(max_length=512), required=False, help_text="Up to 16 pairs.")
    service_tier = serializers.ChoiceField(choices=["auto", "default"], required=False)
    user = serializers.CharField(required=False, max_length=512)
    safety_identifier = serializers.CharField(required=False, max_length=512)
    prompt_cache_key = serializers.CharField(required=False, max_length=512)


class CompletionRequestSerializer(Described):
    model = serializers.CharField(required=False, max_length=200, help_text="As in a chat completion.")
    models = serializers.ListField(child=serializers.CharField(), required=False, max_length=fields.MOST_MODELS)
    provider = PreferencesSerializer(required=False)
    prompt = serializers.JSONField(help_text="A text, a list of texts, tokens, or lists of tokens.")
    suffix = serializers.CharField(required=False, help_text="What comes after the text to write, where the model fills in.")
    stream = serializers.BooleanField(required=False, default=False)
    stream_options = StreamOptionsSerializer(required=False)
    max_tokens = serializers.IntegerField(required=False, min_value=0, default=USUAL_LIMIT)
    temperature = serializers.FloatField(required=False, min_value=0, max_value=2)
    top_p = serializers.FloatField(required=False, min_value=0, max_value=1)
    n = serializers.IntegerField(required=False, min_value=1, max_value=MOST_CHOICES, help_text="Choices for each prompt.")
    best_of = serializers.IntegerField(required=False, min_value=1, max_value=MOST_CHOICES, help_text="At most n.")
    echo = serializers.BooleanField(required=False, help_text="Begin each answer with its prompt.")
    logprobs = serializers.IntegerField(required=False, min_value=0, max_value=20)
    stop = serializers.JSONField(required=False, help_text="A text to stop at, or a list of up to 16.")
    seed = serializers.IntegerField(required=False)
    presence_penalty = serializers.FloatField(required=False, min_value=-2, max_value=2)
    frequency_penalty = serializers.FloatField(required=False, min_value=-2, max_value=2)
    logit_bias = serializers.DictField(child=serializers.FloatField(min_value=-100, max_value=100), required=False)
    user = serializers.CharField(required=False, max_length=512)


class EmbeddingsRequestSerializer(Described):
    model = serializers.CharField(required=False, max_length=200, help_text="As in a chat completion.")
    models = serializers.ListField(child=serializers.CharField(), required=False, max_length=fields.MOST_MODELS)
    provider = PreferencesSerializer(required=False)
    input = serializers.JSONField(help_text=f"A text, a list of up to {MOST_INPUTS} texts, tokens, or lists of tokens.")
    encoding_format = serializers.ChoiceField(choices=["float", "base64"], required=False, default="float")
    dimensions = serializers.IntegerField(required=False, min_value=1, help_text="Shorter vectors, where the model can.")
    user = serializers.CharField(required=False, max_length=512)


# --- what is answered --------------------------------------------------------------------------------


class CostDetailsSerializer(Described):
    paid_by = serializers.ChoiceField(choices=["free", "wallet"])
    standard_cost = serializers.FloatField(help_text="What these tokens cost, free request or not.")
    list_cost = serializers.FloatField(help_text="The same tokens at the model's list price.")
    routing_fee = serializers.FloatField(help_text="The part of the standard cost that is the fee for third-party models.")
    price_tick = serializers.IntegerField(help_text="The price in force, as in x-clod-price-tick.")
    input_usd_per_mtok = serializers.FloatField()
    output_usd_per_mtok = serializers.FloatField()
    multiplier = serializers.FloatField(help_text="Price ÷ list price: what electricity did to it.")
    is_estimated = serializers.BooleanField(help_text="The upstream told no usage; we counted.")


class PromptDetailsSerializer(Described):
    cached_tokens = serializers.IntegerField()


class CompletionDetailsSerializer(Described):
    reasoning_tokens = serializers.IntegerField()


class UsageSerializer(Described):
    prompt_tokens = serializers.IntegerField()
    completion_tokens = serializers.IntegerField()
    total_tokens = serializers.IntegerField()
    prompt_tokens_details = PromptDetailsSerializer()
    completion_tokens_details = CompletionDetailsSerializer()
    cost = serializers.FloatField(help_text="What you were charged, in dollars.")
    cost_details = CostDetailsSerializer()


class AnswerSerializer(Described):
    role = serializers.ChoiceField(choices=["assistant"])
    content = serializers.CharField(allow_null=True)
    refusal = serializers.CharField(required=False, allow_null=True)
    reasoning_content = serializers.CharField(required=False, allow_null=True, help_text="What the model thought, where it tells.")
    tool_calls = serializers.ListField(child=serializers.DictField(), required=False, allow_null=True)


class ChoiceSerializer(Described):
    index = serializers.IntegerField()
    message = AnswerSerializer()
    finish_reason = serializers.ChoiceField(choices=["stop", "length", "tool_calls", "content_filter", "function_call"])
    logprobs = serializers.DictField(required=False, allow_null=True)


class ChatCompletionSerializer(Described):
    id = serializers.CharField()
    object = serializers.CharField(help_text="chat.completion")
    created = serializers.IntegerField()
    model = serializers.CharField(help_text="The model that answered.")
    choices = ChoiceSerializer(many=True)
    usage = UsageSerializer()
    system_fingerprint = serializers.CharField(required=False, allow_null=True)
    service_tier = serializers.CharField(required=False)


class TextChoiceSerializer(Described):
    index = serializers.IntegerField()
    text = serializers.CharField()
    finish_reason = serializers.ChoiceField(choices=["stop", "length", "content_filter"])
    logprobs = serializers.DictField(allow_null=True)


class CompletionSerializer(Described):
    id = serializers.CharField()
    object = serializers.CharField(help_text="text_completion")
    created = serializers.IntegerField()
    model = serializers.CharField(help_text="The model that answered.")
    choices = TextChoiceSerializer(many=True)
    usage = UsageSerializer()
    system_fingerprint = serializers.CharField(required=False, allow_null=True)


class VectorSerializer(Described):
    index = serializers.IntegerField()
    object = serializers.CharField(help_text="embedding")
    embedding = serializers.JSONField(help_text="Numbers; in base64 the bytes of 32-bit floats, little-endian.")


class EmbeddingsUsageSerializer(Described):
    prompt_tokens = serializers.IntegerField()
    total_tokens = serializers.IntegerField()
    cost = serializers.FloatField(help_text="What you were charged, in dollars.")
    cost_details = CostDetailsSerializer()


class EmbeddingsSerializer(Described):
    object = serializers.CharField(help_text="list")
    data = VectorSerializer(many=True)  # type: ignore[assignment]
    model = serializers.CharField(help_text="The model that answered.")
    usage = EmbeddingsUsageSerializer()


# --- models ------------------------------------------------------------------------------------------


class PriceSerializer(Described):
    input_usd_per_mtok = serializers.FloatField()
    output_usd_per_mtok = serializers.FloatField()


class ModelSerializer(Described):
    id = serializers.CharField(help_text="Its slug.")
    object = serializers.CharField(help_text="model")
    created = serializers.IntegerField()
    owned_by = serializers.CharField()
    name = serializers.CharField()
    vendor_id = serializers.CharField()
    category = serializers.ChoiceField(choices=["hosted", "third_party"])
    is_free = serializers.BooleanField()
    is_available = serializers.BooleanField()
    context_window = serializers.IntegerField()
    max_output_tokens = serializers.IntegerField()
    input_modalities = serializers.ListField(child=serializers.CharField(), help_text=", ".join(MODALITIES))
    output_modalities = serializers.ListField(child=serializers.CharField(), help_text=", ".join(OUTPUTS))
    features = serializers.ListField(child=serializers.ChoiceField(choices=list(FEATURES)))
    operations = serializers.ListField(child=serializers.ChoiceField(choices=OPERATIONS), help_text="What it may be called for.")
    list_price = PriceSerializer()
    price_now = PriceSerializer(allow_null=True)


class ModelListSerializer(Described):
    object = serializers.CharField(help_text="list")
    data = ModelSerializer(many=True)  # type: ignore[assignment]


class OfferProviderSerializer(Described):
    name = serializers.CharField()
    websiteUrl = serializers.CharField()
    baseUrl = serializers.CharField()


class OfferSerializer(Described):
    provider = OfferProviderSerializer()
    systemName = serializers.CharField()
    nameInProvider = serializers.CharField()
    developer = serializers.CharField()
    systemComplexity = serializers.FloatField(allow_null=True, help_text="Billions of parameters, where known.")
    contextWindow = serializers.IntegerField()
    tokenInPricePerMillionTokens = serializers.FloatField()
    tokenOutPricePerMilionTokens = serializers.FloatField()
    active = serializers.BooleanField()
    createdAt = serializers.DateTimeField()
    updatedAt = serializers.DateTimeField()


# --- the key -----------------------------------------------------------------------------------------


class PeriodSerializer(Described):
    spent_usd = serializers.CharField(help_text=USD)
    held_usd = serializers.CharField(help_text="Set aside for calls that are running.")
    cap_usd = serializers.CharField(allow_null=True)
    left_usd = serializers.CharField(allow_null=True)
    resets_at = serializers.DateTimeField()


class KeyItselfSerializer(Described):
    prefix = serializers.CharField()
    name = serializers.CharField()
    created_at = serializers.DateTimeField()
    networks = serializers.ListField(child=serializers.CharField(), help_text="It may be used from these only; none: from anywhere.")
    day = PeriodSerializer()
    month = PeriodSerializer()


class KeyProjectSerializer(Described):
    id = serializers.CharField()
    name = serializers.CharField()
    day = PeriodSerializer()
    month = PeriodSerializer()


class RateSerializer(Described):
    limit_per_minute = serializers.IntegerField()
    remaining = serializers.IntegerField()
    resets_in_s = serializers.FloatField()


class RatesSerializer(Described):
    requests = RateSerializer(allow_null=True)
    tokens = RateSerializer(allow_null=True)


class FreeRequestsSerializer(Described):
    limit = serializers.IntegerField()
    used = serializers.IntegerField()
    left = serializers.IntegerField()
    resets_at = serializers.DateTimeField(allow_null=True, help_text="null: nobody brings this organization free requests.")


class KeyWalletSerializer(Described):
    available_usd = serializers.CharField(help_text=USD)


class KeySerializer(Described):
    object = serializers.CharField(help_text="key")
    key = KeyItselfSerializer(allow_null=True, help_text="null for a call from Studio.")
    project = KeyProjectSerializer()
    models = serializers.ListField(child=serializers.CharField(), allow_null=True, help_text="Slugs it may call; null: all.")
    expires_at = serializers.DateTimeField(allow_null=True)
    rate_limits = RatesSerializer()
    free_requests = FreeRequestsSerializer()
    wallet = KeyWalletSerializer()


# --- requests ----------------------------------------------------------------------------------------
