-- Rejected events of a period by reason, the $top most frequent, and how many reasons there are; an event with several
-- counts under each.
WITH flat AS (
    SELECT
        unnest(list_distinct(reasons)) AS code,
        received_at,
        concat_ws('.', epoch_ms(received_at), journal, record, idx) AS id
    FROM failed
    WHERE day >= CAST(epoch_ms(CAST($since AS BIGINT)) AS DATE)
      AND day <= CAST(epoch_ms(CAST($until AS BIGINT)) AS DATE)
      AND received_at >= epoch_ms(CAST($since AS BIGINT))
      AND received_at < epoch_ms(CAST($until AS BIGINT))
      AND ($channel IS NULL OR left(channel, 200) = $channel)
)
SELECT
    left(code, 200) AS code,
    count(*) AS n,
    epoch_ms(max(received_at)) AS newest,
    arg_max(id, received_at) AS sample,
    count(*) OVER () AS codes
FROM flat
GROUP BY 1
ORDER BY n DESC, code
LIMIT $top
