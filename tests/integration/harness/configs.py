"""Configurations that several tests share."""


def simple(simulator, directives="tokens=6", model="one", more="", features=""):
    """One feature `chat` on one model of the simulator."""
    return (f"providers:\n{simulator.providers(more)}"
            f"models:\n"
            f'  {model}: {{provider: sim, id: "{model}--{directives}", context: 128000, max_output: 4096, price: {{input: 1.00, output: 2.00}}}}\n'
            f"features:\n"
            f"  chat: {{variants: {{only: {{model: {model}}}}}, serve: only}}\n{features}")


def said(answer):
    """The text of a chat completion."""
    return answer.json()["choices"][0]["message"]["content"]
