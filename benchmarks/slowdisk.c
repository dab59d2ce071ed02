/* A disk that takes its time: loaded before libc, it lets fsync and fdatasync return only after a wait.

   SLOWDISK_US: microseconds on top of what the real disk takes. Waiting costs no CPU, as on a real disk. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

static void wait_for_the_disk(void)
{
    static long microseconds = -1;
    if (microseconds < 0) {
        const char *given = getenv("SLOWDISK_US");
        microseconds = given ? atol(given) : 0;
    }
    struct timespec left = {microseconds / 1000000, microseconds % 1000000 * 1000};
    while (nanosleep(&left, &left) == -1 && errno == EINTR)
        ;
}

int fsync(int file)
{
    static int (*real)(int);
    if (!real)
        real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    wait_for_the_disk();
    return real(file);
}

int fdatasync(int file)
{
    static int (*real)(int);
    if (!real)
        real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    wait_for_the_disk();
    return real(file);
}
