"""No text from outside carries a secret on."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.masking import masked, without_queries
from bot.core.remedies import REMEDIES

CORE = "S3cr3tS3cr3tS3cr3t"
HEX = "0123456789abcdef" * 4
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7v+/x\nQ0==\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"Invalid key: sk_live_{CORE}", "Invalid key: sk_…"),
        (f"Invalid API key: sk_live_{CORE}", "Invalid API key: …"),
        ("sk_test_a1b2c3 and sk-proj-abc_DEF-ghi-012", "sk_… and sk-…"),
        (f"in JSON\\nsk_{CORE}", "in JSON\\nsk_…"),
        (f'{{"key": "sk-{CORE}", "more": 1}}', '{"key": "sk-…", "more": 1}'),
        (f"token xoxb-1-2-{CORE}, and xapp-1-A0-{CORE}.", "token xoxb-…, and xapp-…"),
        (f"xoxe.xoxb-1-{CORE} xoxd-{CORE}%2B%2f", "xoxb-… xoxd-…"),
        (f"Authorization: Bearer {CORE}", "Authorization: …"),
        (
            f"Proxy-Authorization: Basic dXNlcjpwYXNz, authorization=token {CORE}",
            "Proxy-Authorization: …, authorization=…",
        ),
        (f"{{'Authorization': 'Basic {CORE}='}}", "{'Authorization': '…'}"),
        (f'"authorization\\": \\"{CORE}\\"', '"authorization\\": \\"…\\"'),
        (f"you sent bearer {CORE}~+/=; no", "you sent bearer …; no"),
        ("a bearer OnlyLettersButVeryManyOfThem", "a bearer …"),
        (f"wss://wss.slack.com/link/?ticket={CORE}&app_id=7", "wss://wss.slack.com/link/?ticket=…&app_id=7"),
        (
            f"GET https://b.example/o?X-Amz-Credential={CORE}%2F1&X-Amz-Date=1&X-Amz-Signature={CORE} 403",
            "GET https://b.example/o?X-Amz-Credential=…&X-Amz-Date=…&X-Amz-Signature=… 403",
        ),
        (f"https://b.example/o?sv=1&sig={CORE}%3D", "https://b.example/o?sv=1&sig=…"),
        (f"https://b.example/o?a=1\\u0026Signature={CORE}", "https://b.example/o?a=1\\u0026Signature=…"),
        (f"url: /o?X-Oss-Signature={CORE}&q-signature={CORE}&n=1", "url: /o?X-Oss-Signature=…&q-signature=…&n=1"),
        (f"/o?s3_signature={CORE}&download_sig={CORE}", "/o?s3_signature=…&download_sig=…"),
        (f"/o?hmac={CORE}&jwt={CORE}&auth={CORE}&sas={CORE}", "/o?hmac=…&jwt=…&auth=…&sas=…"),
        (
            f"https://f.example/api/x?code={CORE}== and /cb#access_token={CORE}",
            "https://f.example/api/x?code=… and /cb#access_token=…",
        ),
        (f"POST https://hooks.slack.com/commands/T1/2/{CORE}", "POST https://hooks.slack.com/commands/…"),
        (f"hooks.slack.com/services/T1/B2/{CORE}: 404", "hooks.slack.com/services/…: 404"),
        ("user=me password=hunter2, PWD=correcthorse;x=1", "user=me password=…, PWD=…;x=1"),
        ("password: hunter2, passwd = hunter2!", "password: …, passwd = …!"),
        ("api_key=abcd1234abcd1234&x=1", "api_key=…&x=1"),
        ("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG+bPx= set", "AWS_SECRET_ACCESS_KEY=… set"),
        ("AccountName=a;AccountKey=abc/def==;Suffix=b", "AccountName=a;AccountKey=…;Suffix=b"),
        ('{"api_key": "abc def", "x": 1}', '{"api_key": "…", "x": 1}'),
        ("{'client_secret': 'abc'}", "{'client_secret': '…'}"),
        ('"{\\"password\\": \\"abc\\"}"', '"{\\"password\\": \\"…\\"}"'),
        (f"X-Api-Key: {CORE}", "X-Api-Key: …"),
        ("x-api-key: abcdefghijklmnopqrstuvwxyz", "x-api-key: …"),
        (f"HF_TOKEN={CORE} and access_token: '{CORE}'", "HF_TOKEN=… and access_token: '…'"),
        ("remote: ghp_16C7e42F292c6912E7, gho_16C7e42F292c6912E7", "remote: ghp_…, gho_…"),
        ("github_pat_11ABCDEFG0_abc", "github_pat_…"),
        ("hf_AbCdEfGhIjKl0123456789 is not valid", "hf_… is not valid"),
        ("AKIAIOSFODNN7EXAMPLE and ASIAIOSFODNN7EXAMPLE", "AKIA… and ASIA…"),
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3-_k expired", "jwt eyJ… expired"),
        (
            "to=https%3A%2F%2Fb.example%2Fo%3FX-Amz-Signature%3Dabc%26X-Amz-Date%3D1%26part%3D2",
            "to=https%3A%2F%2Fb.example%2Fo%3FX-Amz-Signature%3D…%26X-Amz-Date%3D…%26part%3D2",
        ),
        ("o%3Fsv%3D1%26sig%3Dencsig99 o%253Fsig%253Dencsig99%2526a", "o%3Fsv%3D1%26sig%3D… o%253Fsig%253D…%2526a"),
        (f"proxy http://me:{CORE}@proxy.example:3128 refuses", "proxy http://…@proxy.example:3128 refuses"),
        ("Authorization: ApiKey 0123abcd0123abcd, no", "Authorization: …, no"),
        ("{'authorization': 'Splunk 1b0f2f6e-7a35-4f7b-8c6b-0d9c2f1e4a5b'}", "{'authorization': '…'}"),
        ("Authorization: AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg=", "Authorization: …"),
        (
            f"Authorization: AWS4-HMAC-SHA256 Credential=AKIA1/20261120/s3, SignedHeaders=a, Signature={HEX}",
            "Authorization: …, SignedHeaders=a, Signature=…",
        ),
        (f"key:\n{PEM}\nis not valid", "key:\n-----BEGIN …\nis not valid"),
        (json.dumps({"key": PEM, "x": 1}), '{"key": "-----BEGIN …", "x": 1}'),
        (f"{PEM.replace('RSA', 'OPENSSH')} {PEM[:60]}", "-----BEGIN … -----BEGIN …"),
        ("Cookie: session=abc; csrf=d\nHost: b.example", "Cookie: …\nHost: b.example"),
        ("{'Set-Cookie': 'id=abc; Path=/; HttpOnly', 'x': 1}", "{'Set-Cookie': '…', 'x': 1}"),
        ("remote: glpat-AbCdEfGhIjKlMnOpQrSt refused", "remote: glpat-… refused"),
        ("key AIzaSyA-1234567890abcdefghijklmnopqrstu is not valid", "key AIza… is not valid"),
        (f'{{"x-amz-signature":"{HEX}","x":1}}', '{"x-amz-signature":"…","x":1}'),
        ("{'x-amz-security-token': 'FwoGZXIvYXdzEBYaDHVJ', 'x': 1}", "{'x-amz-security-token': '…', 'x': 1}"),
        ("x-amz-security-token: FwoGZXIvYXdzEBYaDHVJ", "x-amz-security-token: …"),
        (f'{{\\"x-goog-credential\\":\\"{CORE}\\"}}', '{\\"x-goog-credential\\":\\"…\\"}'),
        ('{"policy":"eyJleHBpcmF0aW9uIjoiMjAyNiJ9+/=="}', '{"policy":"eyJ…"}'),
        ('{"policy":"eyAiZXhwaXJhdGlvbiI6ICIyMDI2LTExLTIwVDAxOjI5OjQwWiJ9"}', '{"policy":"…"}'),
        (
            f'{{"signature":"{HEX}", "Signature": "frJIUN8DYpKDtOLCwo//yllqDzg="}}',
            '{"signature":"…", "Signature": "…"}',
        ),
        ("postgresql+psycopg2://jobs:hunter2@db.internal:5432/jobs", "postgresql+psycopg2://…@db.internal:5432/jobs"),
        ("socks5://bob:hunter2@proxy, h2://a:b@c", "socks5://…@proxy, h2://…@c"),
        ("amqp://svc:hun@ter2@rabbit refused", "amqp://…@rabbit refused"),
        ("postgres://u:p#w@h/db, postgres://u:p?w@h/db", "postgres://…@h/db, postgres://…@h/db"),
        ("cannot reach 'postgres://bob:s3c/r3t@db'", "cannot reach 'postgres://…@db'"),
        ("mysql://bob@corp:s3cret@db", "mysql://…@db"),
        ("redis://:hunter2@cache:6379/0", "redis://…@cache:6379/0"),
        ("http://bob:12345@[::1]:8080/x", "http://…@[::1]:8080/x"),
        ("https://me@host:443/x/@user", "https://…@host:443/x/@user"),
        (
            '{"a":"http://proxy:80","b":"amqp:\\/\\/svc:hunter2@rabbit"}',
            '{"a":"http://proxy:80","b":"amqp:\\/\\/…@rabbit"}',
        ),
        (f"s3://AKIAIOSFODNN7EXAMPLE:{CORE}/x@bucket/k", "s3://…@bucket/k"),
        ("user:       me\npassword:   hunter2\nsecret  =  abcd1234", "user:       me\npassword:   …\nsecret  =  …"),
        ('{"password"  :  "abc def"}', '{"password"  :  "…"}'),
        ("run '--password', 'hunter2', '--user', 'me'", "run '--password', '…', '--user', 'me'"),
        ('["--db-password","hunter"]', '["--db-password","…"]'),
        ("run --password hunter2 --user me", "run --password … --user me"),
        ('run --password "correct horse" -secret abc123', 'run --password "…" -secret …'),
        ("run --api-key abcd1234efgh", "run --api-key …"),
        ("run --token abcdefgh1234567890", "run --token …"),
        ("['run', '--hf-token', 'abcdefgh1234567890']", "['run', '--hf-token', '…']"),
        ('{"env":[{"name":"DB_PASSWORD","value":"hunter2"}]}', '{"env":[{"name":"DB_PASSWORD","value":"…"}]}'),
        ('{"env":[{"value":"hunter2","name":"DB_PASSWORD"}]}', '{"env":[{"value":"…","name":"DB_PASSWORD"}]}'),
        (
            json.dumps({"name": "API_KEY_2", "value": "abc def"}, indent=2),
            '{\n  "name": "API_KEY_2",\n  "value": "…"\n}',
        ),
        ("- name: DB_PASSWORD\n  value: hunter2", "- name: DB_PASSWORD\n  value: …"),
        (f'{{"name":"HF_TOKEN","value":"{CORE}"}}', '{"name":"HF_TOKEN","value":"…"}'),
        ('{"password":["hunter2", "abc"], "x": 1}', '{"password":[…], "x": 1}'),
        ('{"db_password":{"value":"hunter2"}}', '{"db_password":{"value":"…"}}'),
        ("<user>me</user><password>hunter2</password>", "<user>me</user><password>…</password>"),
        ("body: user=me%26password%3Dhunter2%26x%3D1", "body: user=me%26password%3D…%26x%3D1"),
        ("Incorrect API key provided: abcd1234efgh5678. Ask", "Incorrect API key provided: … Ask"),
        ('{"password":"hun\\"ter2","x":1}', '{"password":"…","x":1}'),
        ("{'password': 'hun\"ter2', 'x': 1}", "{'password': '…', 'x': 1}"),
        (json.dumps('{"password":"hun\\"ter2","x":1}'), '"{\\"password\\":\\"…\\",\\"x\\":1}"'),
        (f"nvapi-{CORE}-{CORE} npm_{CORE} pypi-{CORE}_-a", "nvapi-… npm_… pypi-…"),
        (f"SG.{CORE}.{CORE}, dapi{HEX[:32]}-2, r8_{CORE}, gsk_{CORE}", "SG.…, dapi…, r8_…, gsk_…"),
        (
            r"https://b.example/k\u003fX-Amz-Signature\u003dabcdef0123\u0026n=1",
            r"https://b.example/k\u003fX-Amz-Signature\u003d…\u0026n=1",
        ),
        (r"/o\u003fsig\u003Dabc", r"/o\u003fsig\u003D…"),
    ],
)
def test_what_may_be_a_secret_is_left_out(text: str, shown: str) -> None:
    assert masked(text) == shown
    assert masked(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "CUDA out of memory. Tried to allocate 2.00 GiB",
        "task_failed in risk-averse_model: disk_usage 97%",
        "No module named sklearn (pip install sk-learn)",
        "Bearer token is missing; a Bearer authentication header is needed",
        "SK_PRODUCTION_KEY is not set",
        "pwd: /workspace/project2026/train, PWD=/workspace",
        "Authorization: header missing, or authorization requirements not met",
        "see https://console.example/jobs/job_1?tab=logs&page=2#end, ask someone@example.com",
        "// TODO me@example.com",
        "cannot import name from sk_learn_utils; ticket=OPS-12345",
        "sk_image_resize failed, task-sk-something and sk-learn-train too, risk_model_with_2024_parameters-disk-97",
        "Authorization: insufficient_permissions",
        "Authorization: token invalid",
        "bearer channel overloaded",
        "xapp-server crashed, and so did xapp-worker-2; a xoxb-token is missing",
        "key=abc;signature=def",
        "key=value pairs expected; the primary key: 12345678 is taken",
        "password is missing, password: at least 8 characters, password=None, api_key=null",
        "token expired, token: invalid, pad_token=0, max_token: 4096, unexpected token: '}'",
        "secret: none, secret not found, secrets: 12345678",
        '{"api_key": null, "password": "required"}',
        "hf_transformers_v4_model and hf_preprocessing2, ghp_runner, AKIA and ASIA-PACIFIC1, eyJ.a.b",
        "https://hooks.slack.com/services is down",
        "Authorization: denied for user-2026, authorization: scheme unknown",
        "cookie: missing, the cookie is not set, cookie=None",
        "expected -----BEGIN PRIVATE KEY----- but found -----BEGIN CERTIFICATE-----",
        "x-amz-request-id: 4442587FB7D0A2F9, x-amz-security-token: missing",
        "policy: Never, restartPolicy=OnFailure, signature: serving_default_v2, no policy: x",
        "glpat-runner and AIzawa, eyJack",
        "https://host/path/@user, https://host:8080/path/@user and http://[::1]:8080/@user",
        "npm: https://packages.example/npm/@scope/pkg, git+https://host/org/repo@v1",
        "see https://console.example/a?mail=me@example.com",
        "https://console.example/a:b?at=12:30&mail=me@example.com",
        '{"proxy":"http://proxy:8080","mail":"me@example.com"}',
        "password:   at least 8 characters",
        "--password is required, --api-key and --token must be given; usage: [--password PASSWORD] [--token TOKEN]",
        "run --max-tokens 4096 --pad-token 50256 --eos-token '</s>', '--token', 'abc'",
        "no value for '--password', '--user'; fields 'password', 'username' are missing",
        "a one-secret item12345, the secret item12345",
        '{"env":[{"name":"MODE","value":"fast12345"},{"value":"x1234567","name":"MODE"}]}',
        '{"name":"pad_token","value":"<pad>"}, {"name":"DB_PASSWORD","value":null}',
        '{"name":"DB_PASSWORD","valueFrom":{"secretKeyRef":{"name":"db-credentials","key":"main"}}}',
        '{"password":[], "secret":{"name":"db-credentials"}}',
        "<password></password>, List<Secret>, <password>missing</password>",
        "Incorrect API key provided: none, API key provided is wrong, password is invalid: too short",
        '{"password":"", "x":"a\\"b"}',
        "pypi-server, pypi-server-2026-11-20, npm_install, npm_config_registry_2, nvapi-runtime-12, dapi, dapi2",
        "SG.1 and msg.internal_server_error_2, r8_model, gsk_worker_pool_12345678",
        r"k\u003fpage\u003d2 is not found, password\u003dnone",
        *REMEDIES.values(),
    ],
)
def test_other_words_are_left_as_they_are(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"403 for https://b.example/o?X-Any-Signature={CORE}: denied", "403 for https://b.example/o?…: denied"),
        (f"(see s3://b/o?a=1&b={CORE}), or http://b.example?{CORE}.", "(see s3://b/o?…), or http://b.example?…."),
        (f"exceeded with url: /o?a={CORE} (Caused by E)", "exceeded with url: /o?… (Caused by E)"),
        (f'{{\\"url\\":\\"https://b.example/o?a=1\\u0026b={CORE}\\",\\"c\\":1}}',
         '{\\"url\\":\\"https://b.example/o?…\\",\\"c\\":1}'),
        (f"'https://b.example/o?a=1#{CORE}' <https://b.example/?b>", "'https://b.example/o?…' <https://b.example/?…>"),
        (f"https://b.example/a?b=https://c.example/?d={CORE}\\nthen", "https://b.example/a?…\\nthen"),
        (
            r"https://b.s3.amazonaws.com/k\u003fX-Amz-Signature\u003dabcdef0123 failed",
            r"https://b.s3.amazonaws.com/k\u003f… failed",
        ),
        ("is it https://b.example/a? why?because; /^a.*?b/", "is it https://b.example/a? why?because; /^a.*?b/"),
    ],
)  # fmt: skip
def test_of_an_address_only_where_it_leads_is_shown(text: str, shown: str) -> None:
    assert without_queries(text) == shown
    assert without_queries(shown) == shown


@given(st.text("ab?=&:/.; '\\\"") | st.text())
def test_a_text_without_secrets_in_it_is_never_longer(text: str) -> None:
    assert len(masked(text)) <= len(text) + 1
    assert masked(masked(text)) == masked(text)


PLAIN = st.sampled_from(["sk", "xapp", "bearer", "ticket", "live", "key"]) | st.text("abcxyz", min_size=1)


@given(st.lists(PLAIN, min_size=1), st.sampled_from("-_"))
def test_plain_words_joined_to_a_name_are_left_as_they_are(words: list[str], joint: str) -> None:
    assert masked(joint.join(words)) == joint.join(words)


def test_what_tells_a_key_from_words_is_not_looked_for_without_end() -> None:
    words = "sk-" + "not-" * 30
    assert masked(f"{words}7") == f"{words}7"
