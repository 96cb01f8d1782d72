-- The newest flows of a plan. What a sender chose is shown up to 200 letters.
SELECT
    left(id, 200) AS id,
    left(channel, 200) AS channel,
    list_transform(channels[:20], lambda one: left(one, 200)) AS channels,
    left(coalesce(sid, ''), 200) AS sid,
    left(coalesce(did, ''), 200) AS did,
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
  AND ($channel IS NULL OR left(channel, 200) = $channel)
  AND ($outcome IS NULL OR outcome = $outcome)
ORDER BY began_at DESC, id
LIMIT $limit
