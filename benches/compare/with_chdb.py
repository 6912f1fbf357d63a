"""The questions of the comparison, answered by chDB, which is ClickHouse in a process: with_chdb.py FILE."""

import json
import sys

from chdb import session

STRUCTURE = """action String, terminatingRuleId String, httpRequest Tuple(clientIp String, uri String),
    nonTerminatingMatchingRules Array(Tuple(action String)),
    ruleGroupList Array(Tuple(nonTerminatingMatchingRules Array(Tuple(action String))))"""


def main(path):
    database = session.Session()

    def ask(query):
        return [json.loads(line) for line in str(database.query(query, "JSONCompactEachRow")).splitlines()]

    # The file is read once for all questions.
    ask("CREATE DATABASE IF NOT EXISTS compare ENGINE = Atomic")
    ask(
        f"""CREATE TABLE compare.records ENGINE = Memory AS
            SELECT action, terminatingRuleId AS rule, httpRequest.clientIp AS address, httpRequest.uri AS uri,
                   arrayExists(rule -> rule.1 = 'COUNT', nonTerminatingMatchingRules)
                   OR arrayExists(part -> arrayExists(rule -> rule.1 = 'COUNT', part.1), ruleGroupList) AS is_counted
            FROM file('{path}', JSONEachRow, '{STRUCTURE}')
            SETTINGS input_format_skip_unknown_fields = 1,
                     input_format_json_ignore_unknown_keys_in_named_tuple = 1"""
    )
    counts = ask(
        """SELECT count(), countIf(action = 'ALLOW'), countIf(action = 'BLOCK'), countIf(is_counted)
           FROM compare.records SETTINGS output_format_json_quote_64bit_integers = 0"""
    )
    answer = {"counts": [int(count) for count in counts[0]]}
    for name, column in (("addresses", "address"), ("uris", "uri"), ("rules", "rule")):
        rows = ask(
            f"SELECT {column}, count() AS n FROM compare.records GROUP BY 1 ORDER BY n DESC, 1 LIMIT 20"
        )
        answer[name] = [[key, int(count)] for key, count in rows]
    print(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1])
