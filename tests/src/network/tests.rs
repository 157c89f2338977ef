use std::io::{Read as _, Write as _};
use std::net::{TcpListener, UdpSocket};

use super::*;

/// A listener that lives in the place.
fn listen(place: &Place) -> (TcpListener, SocketAddr) {
    let address = SocketAddr::from((place.address(), 7));
    (
        place.visit(move || TcpListener::bind(address)).unwrap(),
        address,
    )
}

fn crosses(from: &mut TcpStream, to: &mut TcpStream) -> bool {
    to.set_read_timeout(Some(Duration::from_millis(700)))
        .unwrap();
    from.write_all(&[7]).unwrap();
    to.read_exact(&mut [0]).is_ok()
}

#[test]
fn a_cut_parts_two_places_and_no_others() {
    let mut network = Network::new().unwrap();
    let [a, b, c] = ["a", "b", "c"].map(|name| network.place(name).unwrap());
    let (listener, address) = listen(&b);
    let mut a_to_b = a.connect(address).unwrap();
    let mut b_from_a = listener.accept().unwrap().0;
    let mut c_to_b = c.connect(address).unwrap();
    let mut b_from_c = listener.accept().unwrap().0;
    assert!(crosses(&mut a_to_b, &mut b_from_a));

    network.cut(&a, &b).unwrap();
    let before = network.traffic(&a, &b).unwrap();
    assert!(!crosses(&mut a_to_b, &mut b_from_a));
    assert!(crosses(&mut c_to_b, &mut b_from_c));
    assert_eq!(
        network.traffic(&a, &b).unwrap(),
        before,
        "what is dropped is not counted"
    );

    network.mend(&a, &b).unwrap();
    assert!(crosses(&mut a_to_b, &mut b_from_a));
    assert!(network.traffic(&a, &b).unwrap().bytes > before.bytes);
}

#[test]
fn a_lossy_place_loses_some_packets_each_way_and_others_none() {
    let mut network = Network::new().unwrap();
    let [a, b, c] = ["a", "b", "c"].map(|name| network.place(name).unwrap());
    network.lose(&a).unwrap();
    let send = |from: &Place, to: &Place| {
        let to = SocketAddr::from((to.address(), 9));
        let sent = from.visit(move || {
            let socket = UdpSocket::bind("0.0.0.0:0")?;
            (0..2_000).try_for_each(|_| socket.send_to(&[7], to).map(drop))
        });
        sent.unwrap();
    };
    for (from, to) in [(&a, &b), (&b, &a), (&b, &c)] {
        send(from, to);
    }
    let through = |from, to| network.traffic(from, to).unwrap().packets;
    for way in [through(&a, &b), through(&b, &a)] {
        assert!((1_900..1_995).contains(&way), "{way} of 2000");
    }
    assert_eq!(through(&b, &c), 2_000);
}

#[test]
fn a_network_leaves_nothing_behind() {
    let (stem, mut child) = {
        let mut network = Network::new().unwrap();
        let place = network.place("a").unwrap();
        let child = place.command("sleep").arg("100").spawn().unwrap();
        (network.stem.clone(), child)
    };
    assert!(!child.wait().unwrap().success(), "the process was killed");
    let left = fs::read_dir(NAMESPACES).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with(&format!("{stem}-"))
    });
    assert_eq!(left.count(), 0);
}
