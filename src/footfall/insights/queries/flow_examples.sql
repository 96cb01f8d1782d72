-- The newest flows of a plan.
SELECT
    id, channel, channels, coalesce(sid, '') AS sid, coalesce(did, '') AS did,
    epoch_ms(began_at) AS began_at,
    epoch_ms(ended_at) AS ended_at,
    duration_ms,
    outcome,
    coalesce(result, '') AS result,
    events,
    steps,
    missing,
    out_of_order,
    remarks
FROM flows
WHERE plan = $plan
  AND began_at >= epoch_ms(CAST($since AS BIGINT))
  AND began_at < epoch_ms(CAST($until AS BIGINT))
  AND ($channel IS NULL OR channel = $channel)
  AND ($outcome IS NULL OR outcome = $outcome)
ORDER BY began_at DESC, id
LIMIT $limit
