//! The filters of `ffmpeg` that make the times of its output.
//!
//! The output of `ffmpeg` cannot go back: all packets after a jump back would get one time, and the decoder
//! would take them for repetitions. So the filters let the times continue where a clock goes back.

use self_shared::domain::container::Container;

/// For containers with a clock, which is set back where recordings were joined. The rules are those of the
/// decoder for files that it reads itself. The time of a frame is its own plus the offset in 0. 1 is the
/// end of the frame before, 2 the new time, 3 the length of the sound since the clock was set back, 4 by
/// how much it was, 5 how much of that is taken back. Lengths are in the units of the times.
const CLOCK: [&str; 6] = [
    "st(2,PTS+ld(0))",
    // Sound that overlaps by less than two seconds is a repetition.
    "if(lt(ld(2),ld(1)-2/TB),st(4,ld(1)-ld(2));st(0,ld(0)+ld(4));st(3,0);st(2,ld(1)))",
    // A jump forward shortly afterwards shows that only few times were wrong.
    "if(gt(ld(2),ld(1)+0.1/TB)*lt(ld(3),2/TB)*gt(ld(4),0),\
     st(5,min(ld(4),ld(2)-ld(1)));st(0,ld(0)-ld(5));st(4,ld(4)-ld(5));st(2,ld(2)-ld(5)))",
    "st(3,ld(3)+S/(SR*TB))",
    "st(1,ld(2)+S/(SR*TB))",
    "ld(2)",
];

/// For containers without a clock. Their times are counts of samples, in which `ffmpeg` counts wrong if a
/// frame has several blocks or if the rate changes: then the count here wins. Only a jump after a frame
/// without one is a frame that was left out; 3 is whether the frame before was a jump. The rest is as above.
const COUNT: [&str; 4] = [
    "st(2,max(PTS-ld(0),ld(1)))",
    "if(gt(ld(2),ld(1)+0.001/TB),if(ld(3),st(0,ld(0)+ld(2)-ld(1));st(2,ld(1)),st(3,1)),st(3,0))",
    "st(1,ld(2)+S/(SR*TB))",
    "ld(2)",
];

pub(super) fn filter(container: Container) -> String {
    let steps = match container {
        Container::Matroska | Container::Mp4 | Container::MpegTs | Container::Asf | Container::Ogg => {
            CLOCK.join(";")
        }
        _ => COUNT.join(";"),
    };
    format!("asetpts='{steps}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_one_argument() {
        for container in [Container::Asf, Container::Adts] {
            let filter = filter(container);
            assert!(!filter.contains(char::is_whitespace), "{filter}");
            assert_eq!(filter.matches('(').count(), filter.matches(')').count());
        }
    }
}
