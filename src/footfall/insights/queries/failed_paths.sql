-- Where in the event each reason was found, among the newest rejected events of a period.
WITH newest AS (
    SELECT event_type, findings
    FROM failed
    WHERE day >= CAST(make_timestamp($since * 1000) AS DATE)
      AND day <= CAST(make_timestamp($until * 1000) AS DATE)
      AND received_at >= make_timestamp($since * 1000)
      AND received_at < make_timestamp($until * 1000)
      AND ($channel IS NULL OR channel = $channel)
    ORDER BY received_at DESC
    LIMIT 2000
),
flat AS (
    SELECT event_type, unnest(from_json(findings, '[["VARCHAR"]]')) AS finding
    FROM newest
    WHERE findings IS NOT NULL
)
SELECT
    finding[1] AS code,
    coalesce(event_type, '') AS event_type,
    finding[2] AS path,
    any_value(finding[4]) AS message,
    count(*) AS n
FROM flat
GROUP BY finding[1], coalesce(event_type, ''), finding[2]
QUALIFY row_number() OVER (PARTITION BY finding[1] ORDER BY count(*) DESC, event_type, path) <= 3
ORDER BY code, n DESC, event_type, path
