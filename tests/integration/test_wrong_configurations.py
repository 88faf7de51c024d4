"""Every key of a configuration made wrong in three ways: each is refused with its line, and what served goes on serving."""
import re

from harness.configs import said

# One key a line, so that each line can be made wrong. Names are the operator's: any other would do as well.
NAMES = {"sim", "large", "small", "chat", "first", "second", "sorry", "words", "mail", "tier"}
# A list of its own lines, or a mapping whose members may have any name.
FREE = {"when", "segments"}
CONFIG = """
providers:
  sim:
    dialect: openai
    base_url: "http://{address}/v1"
    api_key: sk-sim
    allow_private_address: true
    concurrent: 100
    headers: {{x-team: a}}
    timeouts:
      connect: 5s
      first_token: 10s
      idle: 20s
      total: 60s
models:
  large:
    provider: sim
    id: "large--text=large"
    context: 128000
    max_output: 4096
    quirks: [no_seed]
    price:
      input: 1.00
      cache_read: 0.50
      cache_write: 1.25
      output: 2.00
  small:
    provider: sim
    id: "small--text=small"
    context: 128000
    max_output: 1000
    price:
      input: 0.10
      output: 0.20
guardrails:
  words:
    kind: forbidden
    patterns: ["never ever"]
    input: block
    output: block
    stream: hold
  mail:
    kind: pii
    categories: [email]
    input: redact
    output: redact
cache:
  url: "memory:16MiB"
segments:
  tier: [free, paid]
features:
  chat:
    cohort_by: user
    variants:
      first:
        model: large
        temperature: 0.2
        top_p: 0.9
        max_output_tokens: 600
        stop: ["END"]
        guardrails: [words, mail]
        fallback: [second, sorry]
      second:
        model: small
        max_output_tokens: 400
    answers:
      sorry:
        text: "We will answer."
    targeting:
      - name: pilot
        when: {{country: [DE, FR]}}
        serve: first
    serve: first
    timeout:
      attempt: 20s
      first_token: 10s
      total: 60s
    budget:
      monthly_usd: 50
      timezone: Europe/Berlin
      degrade_from: 90%
      at_ceiling: [second, sorry]
    cache:
      ttl: 10m
      scope: feature
    shadow:
      variant: second
      sample: 10%
      concurrent: 4
      timeout: 20s
      monthly_usd: 5
"""
LINE = re.compile(r"( *)(- )?([a-z_]+):(.*)")


def wrong_lines(text):
    """(number of the line, what was done, the text with it), for each key."""
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        found = LINE.fullmatch(line)
        if not found or found[3] in NAMES:
            continue
        indent, dash, key, value = found[1], found[2] or "", found[3], found[4]
        before, behind = lines[:number - 1], lines[number:]
        # Without its kind nobody knows which keys a guardrail may have: it is missing where the guardrail begins.
        place = number - 1 if key == "kind" else number
        yield place, "unknown key", "\n".join([*before, f"{indent}{dash}{key}x:{value}", *behind])
        again = f"{indent}{'  ' if dash else ''}{key}:{value or ' {}'}"
        if value:
            yield number + 1, "twice", "\n".join([*before, line, again, *behind])
        else:
            yield number + 1, "twice", "\n".join([*before, f"{indent}{dash}{key}: {{}}", line, *behind])
        if value and key not in FREE:
            yield number, "wrong type", "\n".join([*before, f"{indent}{dash}{key}: {{no: {{such: thing}}}}", *behind])
            yield number, "nothing", "\n".join([*before, f"{indent}{dash}{key}:", *behind])
            yield number, "syntax", "\n".join([*before, f"{indent}{dash}{key}: [", *behind])
            yield number, "no such secret", "\n".join([*before, f"{indent}{dash}{key}: ${{NO_SUCH_VARIABLE}}", *behind])


def test_each_wrong_configuration_is_refused_with_its_line(start, simulator, note):
    gateway = start(CONFIG.format(address=simulator.address))
    good = gateway.config_path.read_text()
    applied = gateway.status()["config_hash"]
    passed, elsewhere, count = [], [], 0
    for number, what, wrong in wrong_lines(good):
        gateway.config_path.write_text(wrong)
        answer = gateway.reload()
        count += 1
        if answer.status_code < 400:
            passed.append((number, what, wrong.split("\n")[number - 1]))
        elif not re.search(rf"tidegate\.yaml:{number}:", answer.text) and what != "syntax":
            elsewhere.append((number, what, wrong.split("\n")[number - 1], answer.text[:300]))
    note(f"{count} wrong configurations, {len(passed)} applied, {len(elsewhere)} with another line")
    assert passed == [] and elsewhere == []
    assert count >= 300
    assert gateway.status()["config_hash"] == applied
    assert gateway.metric("tidegate_config_last_reload_successful") == 0
    assert said(gateway.chat("chat")) == "large"
    gateway.config_path.write_text(good)
    assert gateway.reload().status_code == 200
    assert gateway.metric("tidegate_config_last_reload_successful") == 1
