# SPDX-License-Identifier: MIT
"""document.py - holds what a server answers against the OpenAPI document that it prints of itself."""
import json, re

# What the HTTP server refuses by itself, whatever the route.
BY_ITSELF = {408, 414, 417, 431, 501, 505}
# Fields that an answer's description names where they may stand.
TOLD = {"www-authenticate", "retry-after", "ratelimit", "ratelimit-policy"}
TYPES = {"string": str, "integer": int, "boolean": bool, "object": dict, "array": list, "null": type(None)}


class Document:
    def __init__(self, text):
        self.tree = json.loads(text)
        self.paths = [(re.compile(re.sub(r"\\?\{\w+\\?\}", "[^/]+", re.escape(p)) + "/?", re.I), v) for p, v in self.tree["paths"].items()]

    def followed(self, node):
        while "$ref" in node:
            ref, node = node["$ref"], self.tree
            for name in ref.removeprefix("#/").split("/"):
                node = node[name]
        return node

    def operation(self, method, path):
        for pattern, methods in self.paths:
            if pattern.fullmatch(path.split("?")[0]):
                return methods.get("get" if method == "HEAD" else method.lower())
        return None

    def schema_faults(self, value, schema, at=""):
        schema = self.followed(schema)
        kinds = schema.get("type", [])
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if not any(type(value) is TYPES[k] for k in kinds):
            yield f"{at}: {value!r} is not {kinds}"
        elif isinstance(value, list):
            for i, item in enumerate(value):
                yield from self.schema_faults(item, schema["items"], f"{at}/{i}")
        elif isinstance(value, dict) and "properties" in schema:
            for name in schema.get("required", []):
                if name not in value:
                    yield f"{at}: {name} is missing"
            for name, member in value.items():
                if name not in schema["properties"]:
                    yield f"{at}: {name} is not described"
                else:
                    yield from self.schema_faults(member, schema["properties"][name], f"{at}/{name}")

    def example_faults(self, value, examples):
        for example in examples.values():
            said = self.followed(example)["value"]["message"]
            if re.fullmatch(".*".join(map(re.escape, said.split("{}"))), value["message"], re.S):
                return
        yield f"the sentence {value['message']!r} is not described"

    def faults(self, method, path, status, fields, text):
        """What of this answer the document does not tell."""
        operation = self.operation(method, path)
        if operation is None or status in BY_ITSELF or method == "OPTIONS":
            return
        if str(status) not in operation["responses"]:
            yield f"status {status} is not described"
            return
        described = operation["responses"][str(status)]
        fields = {k.lower(): v for k, v in fields}
        for name in fields.keys() & TOLD - {k.lower() for k in described.get("headers", {})}:
            yield f"{name} with {status} is not described"
        content = described.get("content", {})
        media = fields.get("content-type", "").split(";")[0]
        if method == "HEAD" or status == 304:
            return
        if media not in content:
            yield f"{status} as {media} is not described"
            return
        if media.endswith("json"):
            value = json.loads(text)
            yield from self.schema_faults(value, content[media]["schema"])
            if status >= 400:
                yield from self.example_faults(value, content[media]["examples"])
