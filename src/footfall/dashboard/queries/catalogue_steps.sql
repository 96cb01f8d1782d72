-- For every step of a flow: in how many flows it was seen in a day and a week, and when the last of those was.
WITH flat AS (
    SELECT plan, unnest(list_distinct(steps)) AS step, ended_at
    FROM flows
    WHERE ended_at >= epoch_ms(CAST($week AS BIGINT))
      AND ($channel IS NULL OR left(channel, 200) = $channel)
)
SELECT
    plan,
    step,
    count(*) FILTER (ended_at >= epoch_ms(CAST($day AS BIGINT))) AS day,
    count(*) AS week,
    epoch_ms(max(ended_at)) AS last
FROM flat
GROUP BY plan, step
