//! Down-sampling of a metrics history so that its extremes survive.

/// Indices, rising, of about `wanted` of `count` points: the first, the last, and of each stretch in between the least and the greatest of
/// each series. `series` answers a point's value, where it has one, for each of `kinds` series.
pub fn extremes(count: usize, wanted: usize, kinds: usize, series: impl Fn(usize, usize) -> Option<f64>) -> Vec<usize> {
    if count <= wanted.max(2) {
        return (0..count).collect();
    }
    let stretches = (wanted.saturating_sub(2) / (2 * kinds.max(1))).max(1);
    let mut kept = vec![0, count - 1];
    for stretch in 0..stretches {
        // The points between the two ends, in `stretches` nearly equal parts.
        let (from, to) = (1 + stretch * (count - 2) / stretches, 1 + (stretch + 1) * (count - 2) / stretches);
        for kind in 0..kinds {
            let values = || (from..to).filter_map(|i| series(i, kind).map(|v| (i, v)));
            kept.extend(values().min_by(|a, b| a.1.total_cmp(&b.1)).map(|(i, _)| i));
            kept.extend(values().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(i, _)| i));
        }
    }
    kept.sort_unstable();
    kept.dedup();
    kept
}

#[cfg(test)]
mod tests {
    use super::extremes;

    #[test]
    fn a_spike_survives_and_few_points_stay() {
        let spike = |i: usize, kind: usize| match kind {
            0 => Some(if i == 777 { 9.0 } else { 1.0 }),
            _ => (i == 500).then_some(0.1),
        };
        let kept = extremes(1000, 50, 2, spike);
        assert!(kept.contains(&777) && kept.contains(&500) && kept.contains(&0) && kept.contains(&999));
        assert!(kept.len() <= 52 && kept.is_sorted(), "{}", kept.len());
        assert_eq!(extremes(3, 50, 2, spike), vec![0, 1, 2]);
        assert_eq!(extremes(0, 0, 1, spike), Vec::<usize>::new());
    }
}
