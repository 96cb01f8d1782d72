-- What was remarkable about flows of a plan, and in how many of them.
WITH chosen AS (
    SELECT
        id,
        channel,
        unnest(from_json(remarks, '[{"code":"VARCHAR","rule":"VARCHAR","path":"VARCHAR","severity":"VARCHAR","message":"VARCHAR","hint":"VARCHAR"}]')) AS remark
    FROM flows
    WHERE plan = $plan
      AND began_at >= epoch_ms(CAST($since AS BIGINT))
      AND began_at < epoch_ms(CAST($until AS BIGINT))
      AND ($channel IS NULL OR left(channel, 200) = $channel)
      AND ($outcome IS NULL OR outcome = $outcome)
)
SELECT
    remark.code AS code,
    coalesce(remark.rule, '') AS rule,
    coalesce(remark.path, '') AS path,
    coalesce(any_value(remark.severity), 'warning') AS severity,
    any_value(remark.message) AS message,
    coalesce(any_value(remark.hint), '') AS hint,
    count(DISTINCT hash(channel, id)) AS n
FROM chosen
WHERE remark.code NOT IN ('abandoned', 'unfinished')
GROUP BY 1, 2, 3
ORDER BY n DESC, code, rule, path
LIMIT 12
