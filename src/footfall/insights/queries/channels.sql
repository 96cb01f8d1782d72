-- Every channel that has events, the busiest first.
SELECT
    coalesce(channel, '') AS channel,
    CAST(sum(n) AS BIGINT) AS n,
    epoch_ms(min(hour)) AS oldest_hour,
    epoch_ms(max(hour)) AS newest_hour
FROM hourly
GROUP BY 1
ORDER BY n DESC, channel
LIMIT 1000
