#!/bin/busybox sh
# The first and only program of the small guest. What it does comes from the kernel command line:
#   uc.name=web1                            the host name, told in the ready line
#   uc.net=<mac>,<address/prefix>[,<gateway>]  or  uc.net=<mac>,dhcp     one for each network interface
#   uc.http=80                              serves its name over HTTP
#   uc.count=<serial>                       counts on the disk of that serial: number n goes to sector n, then is told
#   uc.deaf                                 ignores the power button
/bin/busybox --install -s /bin
export PATH=/bin
mkdir -p /proc /sys /dev /run /etc/acpi/PWRF /www /var/log /var/run
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
while read -r module; do insmod "/modules/$module"; done < /modules/order

name=guest
nets= http= count= deaf=
for word in $(cat /proc/cmdline); do
  case $word in
    uc.name=*) name=${word#*=} ;;
    uc.net=*) nets="$nets ${word#*=}" ;;
    uc.http=*) http=${word#*=} ;;
    uc.count=*) count=${word#*=} ;;
    uc.deaf) deaf=yes ;;
  esac
done
hostname "$name"
ip link set lo up

interface_of() {
  for way in /sys/class/net/*; do
    if [ "$(cat "$way/address")" = "$1" ]; then basename "$way"; return; fi
  done
}

cat > /etc/dhcp.sh <<'END'
#!/bin/sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
ip addr flush dev "$interface"
ip addr add "$ip/$mask" dev "$interface"
[ -z "$mtu" ] || ip link set "$interface" mtu "$mtu"
for gateway in $router; do ip route replace default via "$gateway"; break; done
echo "address $interface $ip/$mask"
END
chmod +x /etc/dhcp.sh

for net in $nets; do
  mac=${net%%,*} rest=${net#*,}
  interface=$(interface_of "$mac")
  if [ -z "$interface" ]; then echo "no interface has $mac"; continue; fi
  ip link set "$interface" up
  if [ "$rest" = dhcp ]; then
    udhcpc -i "$interface" -s /etc/dhcp.sh -b -q -t 10 -T 1 > /dev/console 2>&1
  else
    ip addr add "${rest%%,*}" dev "$interface"
    case $rest in *,*) ip route add default via "${rest#*,}" ;; esac
  fi
done

if [ -n "$http" ]; then
  echo "$name" > /www/index.html
  httpd -p "$http" -h /www
fi

if [ -z "$deaf" ]; then
  printf '#!/bin/sh\necho stopping > /dev/console\nsync\npoweroff -f\n' > /etc/acpi/PWRF/00000080
  chmod +x /etc/acpi/PWRF/00000080
  acpid
fi

disk_of() {
  for way in /sys/block/vd*; do
    if [ "$(cat "$way/serial" 2> /dev/null)" = "$1" ]; then echo "/dev/$(basename "$way")"; return; fi
  done
}

count_on() {
  n=0
  while printf '%-511d\n' "$n" | dd of="$1" bs=512 seek="$n" conv=notrunc,fsync 2> /dev/null; do
    echo "count $n"
    n=$((n + 1))
    sleep 0.02
  done
  echo "count failed at $n"
}

if [ -n "$count" ]; then
  disk=$(disk_of "$count")
  if [ -n "$disk" ]; then count_on "$disk" & else echo "no disk has the serial $count"; fi
fi

echo "ready $name"
while :; do
  setsid cttyhack sh
done
