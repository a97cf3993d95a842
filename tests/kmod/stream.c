// SPDX-License-Identifier: GPL-2.0-only
/*
 * The device state as a stream of bytes: a header, then a pattern made of the seed and the offset,
 * and the last byte inverted, which is how the reader of a stream knows that it was whole.
 */
#include <linux/anon_inodes.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "mwtest.h"

#define STREAM_MAGIC 0x7465736b6c617777ULL
#define STREAM_VERSION 1
#define STREAM_STEP_BYTES 16384 /* made or checked at a time */
#define STREAM_MULTIPLIER 0x9e3779b97f4a7c15ULL
#define STREAM_END_MASK 0xff

struct stream_header {
	__le64 magic;
	__le32 version;
	__le32 header_bytes;
	__le64 state_bytes;
	__le64 seed;
	char type[32];
};
static_assert(sizeof(struct stream_header) == 64);

struct mwtest_file {
	struct kref ref; /* of the open file and, during its transfer, of the device */
	struct mwtest_device *dev;
	enum mwtest_direction direction;
	struct stream_header header;
	u64 seed;
	u64 position;
	u64 limit;         /* read: where the bytes end that there are so far */
	u64 precopy_bytes; /* read: of them the first */
	u64 rest_bytes;    /* read: those that come with STOP_COPY */
	u64 rounds_left;
	u64 round_at_ns;  /* when the next round has new bytes; 0: nobody has waited for it yet */
	bool is_complete; /* read: the limit is the end; write: the end was seen */
	u8 made[STREAM_STEP_BYTES + 2 * sizeof(__le64)];
	u8 given[STREAM_STEP_BYTES];
};

static void file_free(struct kref *ref)
{
	struct mwtest_file *file = container_of(ref, struct mwtest_file, ref);

	vfio_put_device(&file->dev->vdev);
	kvfree(file);
}

/* The stream's bytes from an offset on, at most a step; gone with the next call. */
static const u8 *make_bytes(struct mwtest_file *file, u64 offset, size_t count)
{
	u64 index = offset / sizeof(__le64), base = index * sizeof(__le64);
	size_t words = DIV_ROUND_UP(offset + count - base, sizeof(__le64));
	__le64 *word = (__le64 *)file->made;

	for (size_t i = 0; i < words; i++) {
		u64 value = file->seed + (index + i) * STREAM_MULTIPLIER;

		word[i] = cpu_to_le64(value ^ (value >> 29));
	}
	if (base < sizeof(file->header))
		memcpy(file->made, (u8 *)&file->header + base,
		       min_t(u64, sizeof(file->header) - base, words * sizeof(__le64)));
	if (file->direction == MWTEST_READ && file->is_complete && offset + count == file->limit)
		file->made[offset + count - 1 - base] ^= STREAM_END_MASK;
	return file->made + (offset - base);
}

/* What of a call's bytes may be moved now, by the knobs; or the errno that they want. */
static ssize_t permitted(u64 position, u64 count, u64 chunk, u64 error_at, u64 error)
{
	if (chunk && count > chunk)
		count = chunk;
	if (!error || position > error_at)
		return count;
	if (position == error_at)
		return -(ssize_t)error;
	return min(count, error_at - position);
}

static void measure(struct mwtest_device *dev, enum mwtest_direction direction, u64 start,
		    ssize_t done)
{
	struct mwtest_io *io = &dev->io[direction];

	io->last_ns = ktime_get_ns();
	io->total_ns += io->last_ns - start;
	if (!io->calls++)
		io->first_ns = start;
	if (done > 0)
		io->bytes += done;
}

/* While the device runs, a round dirties so many bytes, some time after the reader had them all. */
static void dirty_round(struct mwtest_file *file)
{
	const struct mwtest_knobs *knobs = &file->dev->knobs;

	if (file->is_complete || file->position < file->limit || !file->rounds_left ||
	    !file->round_at_ns || ktime_get_ns() < file->round_at_ns)
		return;
	file->limit += knobs->precopy_dirty_bytes;
	file->rounds_left--;
	file->round_at_ns = 0;
}

/* The reader has all there is: the end, or a wait for the next round. */
static ssize_t nothing_left(struct mwtest_file *file)
{
	if (file->is_complete)
		return 0;
	if (!file->round_at_ns)
		file->round_at_ns =
			ktime_get_ns() + file->dev->knobs.precopy_round_us * NSEC_PER_USEC;
	return -ENOMSG;
}

static ssize_t copy_out(struct mwtest_file *file, char __user *buf, size_t count)
{
	size_t done = 0;

	while (done < count && !fatal_signal_pending(current)) {
		size_t n = min_t(size_t, count - done, STREAM_STEP_BYTES);

		if (copy_to_user(buf + done, make_bytes(file, file->position, n), n))
			return done ? done : -EFAULT;
		file->position += n;
		done += n;
		cond_resched();
	}
	return done ? done : -EINTR;
}

static ssize_t save_locked(struct mwtest_file *file, char __user *buf, size_t count)
{
	const struct mwtest_knobs *knobs = &file->dev->knobs;
	ssize_t n;

	if (file->dev->file != file)
		return -ENODEV;
	mwtest_delay(knobs->read_delay_us);
	dirty_round(file);
	if (file->position == file->limit)
		return nothing_left(file);
	n = permitted(file->position, min_t(u64, count, file->limit - file->position),
		      knobs->read_chunk, knobs->read_error_at, knobs->read_errno);
	return n > 0 ? copy_out(file, buf, n) : n;
}

static ssize_t mwtest_save_read(struct file *filp, char __user *buf, size_t count, loff_t *ppos)
{
	struct mwtest_file *file = filp->private_data;
	u64 start = ktime_get_ns();
	ssize_t done;

	if (ppos)
		return -ESPIPE;
	mutex_lock(&file->dev->lock);
	done = save_locked(file, buf, count);
	if (done > 0)
		filp->f_pos += done;
	measure(file->dev, MWTEST_READ, start, done);
	mutex_unlock(&file->dev->lock);
	return done;
}

static int precopy_info_locked(struct mwtest_file *file, struct vfio_precopy_info *info)
{
	struct mwtest_device *dev = file->dev;

	if (dev->file != file)
		return -ENODEV;
	if (dev->state != VFIO_DEVICE_STATE_PRE_COPY &&
	    dev->state != VFIO_DEVICE_STATE_PRE_COPY_P2P)
		return -EINVAL;
	dirty_round(file);
	info->flags = 0;
	info->initial_bytes = 0;
	if (file->position < file->precopy_bytes)
		info->initial_bytes = file->precopy_bytes - file->position;
	info->dirty_bytes = file->limit - max(file->position, file->precopy_bytes);
	return 0;
}

static long mwtest_precopy_ioctl(struct file *filp, unsigned int cmd, unsigned long arg)
{
	const size_t known = offsetofend(struct vfio_precopy_info, dirty_bytes);
	struct mwtest_file *file = filp->private_data;
	struct vfio_precopy_info info;
	int r;

	if (cmd != VFIO_MIG_GET_PRECOPY_INFO)
		return -ENOTTY;
	if (copy_from_user(&info, (void __user *)arg, known))
		return -EFAULT;
	if (info.argsz < known)
		return -EINVAL;
	mutex_lock(&file->dev->lock);
	r = precopy_info_locked(file, &info);
	mutex_unlock(&file->dev->lock);
	if (r)
		return r;
	return copy_to_user((void __user *)arg, &info, known) ? -EFAULT : 0;
}

static void fill_header(const struct mwtest_device *dev, struct stream_header *header)
{
	header->magic = cpu_to_le64(STREAM_MAGIC);
	header->version = cpu_to_le32(STREAM_VERSION);
	header->header_bytes = cpu_to_le32(sizeof(*header));
	header->state_bytes = cpu_to_le64(mwtest_state_bytes(dev));
	header->seed = cpu_to_le64(dev->knobs.seed);
	strscpy_pad(header->type, dev->type->type.sysfs_name, sizeof(header->type));
}

/* Everything but the seed must be what this device would write itself. */
static bool header_fits(const struct mwtest_file *file)
{
	struct stream_header wanted;

	fill_header(file->dev, &wanted);
	wanted.seed = file->header.seed;
	return memcmp(&wanted, &file->header, sizeof(wanted)) == 0;
}

/* Takes as much of the header as was given; the call that completes it fails if it does not fit. */
static ssize_t take_header(struct mwtest_file *file, size_t count)
{
	size_t n = min_t(size_t, count, sizeof(file->header) - file->position);

	memcpy((u8 *)&file->header + file->position, file->given, n);
	if (file->position + n == sizeof(file->header)) {
		if (!header_fits(file))
			return -EINVAL;
		file->seed = le64_to_cpu(file->header.seed);
	}
	return n;
}

/* How many bytes are right; the inverted last one is the end of the stream. */
static ssize_t take_pattern(struct mwtest_file *file, size_t count)
{
	const u8 *wanted = make_bytes(file, file->position, count);
	size_t n = count;

	if (memcmp(wanted, file->given, count) == 0)
		return n;
	for (n = 0; wanted[n] == file->given[n];)
		n++;
	if (n == count - 1 && file->given[n] == (wanted[n] ^ STREAM_END_MASK)) {
		file->is_complete = true;
		return count;
	}
	file->dev->bad_offset = file->position + n + 1;
	return n ? n : -EINVAL;
}

static ssize_t copy_in(struct mwtest_file *file, const char __user *buf, size_t count)
{
	size_t done = 0;

	while (done < count && !fatal_signal_pending(current)) {
		size_t want = min_t(size_t, count - done, STREAM_STEP_BYTES);
		ssize_t n;

		if (copy_from_user(file->given, buf + done, want))
			return done ? done : -EFAULT;
		if (file->is_complete)
			n = -EINVAL;
		else if (file->position < sizeof(file->header))
			n = take_header(file, want);
		else
			n = take_pattern(file, want);
		if (n < 0)
			return done ? done : n;
		file->position += n;
		done += n;
		cond_resched();
	}
	return done ? done : -EINTR;
}

static ssize_t resume_locked(struct mwtest_file *file, const char __user *buf, size_t count)
{
	const struct mwtest_knobs *knobs = &file->dev->knobs;
	ssize_t n;

	if (file->dev->file != file)
		return -ENODEV;
	mwtest_delay(knobs->write_delay_us);
	n = permitted(file->position, count, knobs->write_chunk, knobs->write_error_at,
		      knobs->write_errno);
	return n > 0 ? copy_in(file, buf, n) : n;
}

static ssize_t mwtest_resume_write(struct file *filp, const char __user *buf, size_t count,
				   loff_t *ppos)
{
	struct mwtest_file *file = filp->private_data;
	u64 start = ktime_get_ns();
	ssize_t done;

	if (ppos)
		return -ESPIPE;
	mutex_lock(&file->dev->lock);
	done = resume_locked(file, buf, count);
	if (done > 0)
		filp->f_pos += done;
	measure(file->dev, MWTEST_WRITE, start, done);
	mutex_unlock(&file->dev->lock);
	return done;
}

static int mwtest_file_release(struct inode *inode, struct file *filp)
{
	struct mwtest_file *file = filp->private_data;

	kref_put(&file->ref, file_free);
	return 0;
}

static const struct file_operations save_fops = {
	.owner = THIS_MODULE,
	.read = mwtest_save_read,
	.unlocked_ioctl = mwtest_precopy_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.release = mwtest_file_release,
};

static const struct file_operations resume_fops = {
	.owner = THIS_MODULE,
	.write = mwtest_resume_write,
	.release = mwtest_file_release,
};

/* How many bytes of the state are there before the device stops. */
static u64 precopy_bytes(const struct mwtest_device *dev)
{
	u64 all = mwtest_state_bytes(dev);
	u64 wanted = dev->knobs.precopy_bytes ? dev->knobs.precopy_bytes : all / 2;

	return min(wanted, all - 1);
}

static struct mwtest_file *file_new(struct mwtest_device *dev, enum mwtest_direction direction,
				    bool precopy)
{
	struct mwtest_file *file = kvzalloc(sizeof(*file), GFP_KERNEL);

	if (!file)
		return NULL;
	kref_init(&file->ref);
	get_device(&dev->vdev.device);
	file->dev = dev;
	file->direction = direction;
	if (direction == MWTEST_WRITE)
		return file;

	fill_header(dev, &file->header);
	file->seed = dev->knobs.seed;
	file->limit = mwtest_state_bytes(dev);
	file->is_complete = !precopy;
	if (precopy) {
		file->precopy_bytes = precopy_bytes(dev);
		file->rest_bytes = file->limit - file->precopy_bytes;
		file->limit = file->precopy_bytes;
		file->rounds_left = dev->knobs.precopy_rounds;
	}
	return file;
}

struct file *mwtest_file_open_locked(struct mwtest_device *dev, enum mwtest_direction direction,
				     bool precopy)
{
	bool reads = direction == MWTEST_READ;
	struct mwtest_file *file = file_new(dev, direction, precopy);
	struct file *filp;

	if (!file)
		return ERR_PTR(-ENOMEM);
	filp = anon_inode_getfile("mwtest_mig", reads ? &save_fops : &resume_fops, file,
				  reads ? O_RDONLY : O_WRONLY);
	if (IS_ERR(filp)) {
		kref_put(&file->ref, file_free);
		return filp;
	}
	stream_open(filp->f_inode, filp);
	mwtest_file_drop_locked(dev);
	kref_get(&file->ref);
	dev->file = file;
	return filp;
}

/* From now on whoever has the file open gets -ENODEV from it. */
void mwtest_file_drop_locked(struct mwtest_device *dev)
{
	struct mwtest_file *file = dev->file;

	dev->file = NULL;
	if (file)
		kref_put(&file->ref, file_free);
}

/* The device has stopped: the rest of its state is there. */
void mwtest_file_complete_locked(struct mwtest_device *dev)
{
	if (!dev->file)
		return;
	dev->file->limit += dev->file->rest_bytes;
	dev->file->rest_bytes = 0;
	dev->file->is_complete = true;
}

/* Takes over what was written; -EINVAL if that is not a whole state. */
int mwtest_file_load_locked(struct mwtest_device *dev)
{
	if (!dev->file || !dev->file->is_complete)
		return -EINVAL;
	dev->knobs.seed = dev->file->seed;
	return 0;
}

/* How much there would be to read if the device stopped now. */
u64 mwtest_file_rest_locked(struct mwtest_device *dev)
{
	const struct mwtest_file *file = dev->file;

	if (!file || file->direction != MWTEST_READ)
		return mwtest_state_bytes(dev);
	return file->limit - file->position + file->rest_bytes;
}
