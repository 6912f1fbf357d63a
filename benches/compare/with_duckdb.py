"""The questions of the comparison, answered by DuckDB: with_duckdb.py FILE."""

import json
import sys

import duckdb

COLUMNS = {
    "action": "VARCHAR",
    "terminatingRuleId": "VARCHAR",
    "httpRequest": "STRUCT(clientIp VARCHAR, uri VARCHAR)",
    "nonTerminatingMatchingRules": "STRUCT(action VARCHAR)[]",
    "ruleGroupList": "STRUCT(nonTerminatingMatchingRules STRUCT(action VARCHAR)[])[]",
}
COUNTS = "len(list_filter({rules}, lambda rule: rule.action = 'COUNT')) > 0"


def main(path):
    own = COUNTS.format(rules="nonTerminatingMatchingRules")
    in_groups = COUNTS.format(
        rules="flatten(list_transform(ruleGroupList, lambda part: part.nonTerminatingMatchingRules))"
    )
    connection = duckdb.connect()
    # The file is read once for all questions.
    connection.execute(
        f"""CREATE TEMP TABLE records AS
            SELECT action, terminatingRuleId AS rule, httpRequest.clientIp AS address, httpRequest.uri AS uri,
                   coalesce({own} OR {in_groups}, false) AS is_counted
            FROM read_json(?, format = 'newline_delimited', columns = {json.dumps(COLUMNS).replace('"', "'")})""",
        [path],
    )
    counts = connection.execute(
        """SELECT count(*), count(*) FILTER (action = 'ALLOW'), count(*) FILTER (action = 'BLOCK'),
                  count(*) FILTER (is_counted) FROM records"""
    ).fetchone()
    answer = {"counts": list(counts)}
    for name, column in (("addresses", "address"), ("uris", "uri"), ("rules", "rule")):
        answer[name] = connection.execute(
            f"SELECT {column}, count(*) AS n FROM records GROUP BY 1 ORDER BY n DESC, 1 LIMIT 20"
        ).fetchall()
    print(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1])
