-- For every type of event: how many came in a day and a week, how many of those were rejected, and when the last came.
SELECT
    coalesce(event_type, '') AS event_type,
    CAST(coalesce(sum(n) FILTER (fate = 'stored' AND hour >= epoch_ms(CAST($day AS BIGINT))), 0) AS BIGINT) AS day,
    CAST(coalesce(sum(n) FILTER (fate = 'stored' AND hour >= epoch_ms(CAST($week AS BIGINT))), 0) AS BIGINT) AS week,
    CAST(coalesce(sum(n) FILTER (hour >= epoch_ms(CAST($week AS BIGINT))), 0) AS BIGINT) AS received,
    CAST(coalesce(sum(n) FILTER (fate = 'rejected' AND hour >= epoch_ms(CAST($week AS BIGINT))), 0) AS BIGINT) AS rejected,
    epoch_ms(max(hour)) AS last_hour
FROM hourly
WHERE ($channel IS NULL OR channel = $channel)
GROUP BY 1
