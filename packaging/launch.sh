# shellcheck shell=sh disable=SC2154 # whoever reads it has set class_path, native and archive
# What ./dunlin and the bin/dunlin of a package have in common; read by both with "." and no program of its own.

fail() {
    echo "dunlin: $1" >&2
    exit 1
}

# $1: what is needed, "JDK" or "Java runtime". Sets java, version, major and jvm.
find_java() {
    if [ -z "${JAVA_HOME:-}" ]; then
        java=$(command -v java) || fail "needs a $1 17 or newer: no java on the PATH, and JAVA_HOME is not set"
        java=$(readlink -f "$java")
        JAVA_HOME=${java%/*/*}
        JAVA_HOME=${JAVA_HOME:-/}
    fi
    [ -x "$JAVA_HOME/bin/java" ] || fail "needs a $1 17 or newer: there is none in JAVA_HOME ($JAVA_HOME)"
    export JAVA_HOME
    # The file beside it tells the version without the time that a JVM takes to start.
    version=
    if [ -r "$JAVA_HOME/release" ]; then
        while read -r line; do
            case $line in
                'JAVA_VERSION="'*)
                    version=${line#*\"}
                    version=${version%%\"*}
                    break
                    ;;
            esac
        done <"$JAVA_HOME/release"
    fi
    if [ -z "$version" ]; then
        version=$("$JAVA_HOME/bin/java" -version 2>&1 | sed -n 's/.* version "\([^"]*\).*/\1/p')
    fi
    major=${version%%[!0-9]*}
    [ "${major:-0}" -ge 17 ] || fail "needs a $1 17 or newer: $JAVA_HOME is version ${major:-unknown}"
    # The arguments of the JVM, all of them but the archive and the memory. The compilers would take two fifths of a start:
    # at five times the usual thresholds they wait for what is called often, and that is compiled within the same second.
    # Netty's events of buffers for Flight Recorder bring many classes that no archive has, another fifth, also if nothing is
    # recorded; ours bring none then. DUNLIN_JAVA_OPTS come later, and win.
    jvm='-XX:CompileThresholdScaling=5 -Dio.netty.jfr.enabled=false'
    if [ "$major" -ge 24 ]; then
        # Netty without Unsafe costs half as much again per message; native access is for epoll and RocksDB.
        jvm="$jvm --sun-misc-unsafe-memory-access=allow -Dio.netty.noUnsafe=false --enable-native-access=ALL-UNNAMED"
    fi
}

# Of the class path; $native is the folder of native libraries, empty where they are in the jars.
run_jvm() {
    # shellcheck disable=SC2086 # several words
    "$JAVA_HOME/bin/java" $jvm ${native:+"-Djava.library.path=$native"} -cp "$class_path" "$@"
}

# The classes of a start, as the JVM has them in memory once it has read, checked and linked them: with this archive it
# needn't. It belongs to one JDK, and to these files on this class path; with any other the JVM goes on without it.
# $1: the archive to be made, $2: a folder that isn't there yet, for the meantime, $3: what the JVM says goes there.
archive_classes() {
    rm -rf "$2"
    mkdir "$2"
    if ! { DUNLIN_LOG='' run_jvm -XX:DumpLoadedClassList="$2/classes" dev.dunlin.server.Rehearsal "$2/data" "$2/done" \
        && [ -e "$2/done" ] \
        && run_jvm -Xshare:dump -XX:SharedClassListFile="$2/classes" -XX:SharedArchiveFile="$2/archive" \
        && [ -s "$2/archive" ]; } >"$3" 2>&1 </dev/null; then
        echo "dunlin: the JVM could not archive the broker's classes, so each start takes longer; see $3" >&2
        : >"$2/archive"   # said once a day
    fi
    mv -f "$2/archive" "$1"
    rm -rf "$2"
}

# Whether an archive is to be made: there is none, or there could be none a day ago, as of a full disk.
lacks_archive() {
    [ ! -e "$archive" ] || { [ ! -s "$archive" ] && [ -n "$(find "$archive" -mmin +1440 2>/dev/null)" ]; }
}

# Large messages lie outside the heap, where the JVM, unless it is told, allows as much as the heap may have: with a small
# heap that is less than one message. So it is told, in MiB: half of the memory of the machine, or of the container.
direct_mib() {
    mib=1024
    if [ -r /proc/meminfo ]; then
        while read -r key kib _; do
            if [ "$key" = MemTotal: ]; then
                mib=$((kib / 2048))
                break
            fi
        done </proc/meminfo
    fi
    groups=/sys/fs/cgroup
    limits=
    if [ -r /proc/self/cgroup ]; then
        while IFS=: read -r _ of path; do
            case $of in
                '') limits="$limits $groups$path/memory.max" ;;
                *memory*) limits="$limits $groups/memory$path/memory.limit_in_bytes" ;;
            esac
        done </proc/self/cgroup
    fi
    for limit in $groups/memory.max $groups/memory/memory.limit_in_bytes $limits; do
        [ -r "$limit" ] && read -r bytes <"$limit" || continue
        case $bytes in
            *[!0-9]* | '') ;;   # "max"
            *) [ $((bytes / 2097152)) -ge "$mib" ] || mib=$((bytes / 2097152)) ;;
        esac
    done
}

# Becomes the JVM, with the arguments of the broker. $archive is that of its classes, if there is one.
launch() {
    direct_mib
    set -f   # words, but no names of files for a star in one
    # shellcheck disable=SC2086 # several words
    set -- ${DUNLIN_JAVA_OPTS:-} -cp "$class_path" dev.dunlin.server.Main "$@"
    set +f
    if [ -n "$native" ]; then
        set -- "-Djava.library.path=$native" "$@"
    fi
    if [ -s "$archive" ]; then
        # An archive that is no use any more is nothing to talk about.
        set -- -XX:SharedArchiveFile="$archive" '-Xlog:cds*=off' "$@"
    fi
    # shellcheck disable=SC2086 # several words
    exec "$JAVA_HOME/bin/java" $jvm "-XX:MaxDirectMemorySize=${mib}m" "$@"
}
