// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mdev's sysfs: knobs/ sets what the device does, measured/ says what it did by its own clock,
 * and the vendor attributes stand beside them, where vendors have them.
 */
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "mwtest.h"

#define TEXT_BYTES_MAX 1024

const char *const mwtest_state_names[MWTEST_STATES] = {
	[VFIO_DEVICE_STATE_ERROR] = "ERROR",
	[VFIO_DEVICE_STATE_STOP] = "STOP",
	[VFIO_DEVICE_STATE_RUNNING] = "RUNNING",
	[VFIO_DEVICE_STATE_STOP_COPY] = "STOP_COPY",
	[VFIO_DEVICE_STATE_RESUMING] = "RESUMING",
	[VFIO_DEVICE_STATE_RUNNING_P2P] = "RUNNING_P2P",
	[VFIO_DEVICE_STATE_PRE_COPY] = "PRE_COPY",
	[VFIO_DEVICE_STATE_PRE_COPY_P2P] = "PRE_COPY_P2P",
};

static struct mwtest_device *device_of(struct device *dev)
{
	return dev_get_drvdata(dev);
}

/* --- knobs/, numbers ------------------------------------------------------------------------ */

#define KNOB_PARAMETER(name, value, lowest, highest)            \
	static unsigned long long default_##name = value;       \
	module_param_named(name, default_##name, ullong, 0644); \
	MODULE_PARM_DESC(name, "knobs/" #name " of mdevs made from now on");
MWTEST_KNOBS(KNOB_PARAMETER)

struct knob {
	struct device_attribute attribute;
	unsigned long long *preset;
	size_t offset;
	u64 lowest;
	u64 highest;
};

static ssize_t knob_show(struct device *dev, struct device_attribute *attribute, char *buf);
static ssize_t knob_store(struct device *dev, struct device_attribute *attribute, const char *buf,
			  size_t count);

#define KNOB(name, value, low, high)                                    \
	{                                                               \
		.attribute = __ATTR(name, 0644, knob_show, knob_store), \
		.preset = &default_##name,                              \
		.offset = offsetof(struct mwtest_knobs, name),          \
		.lowest = (low),                                        \
		.highest = (high),                                      \
	},
static struct knob knobs[] = {MWTEST_KNOBS(KNOB)};

static u64 *knob_value(struct mwtest_device *dev, const struct knob *knob)
{
	return (void *)&dev->knobs + knob->offset;
}

static bool is_capability(const struct knob *knob)
{
	return knob->offset == offsetof(struct mwtest_knobs, p2p) ||
	       knob->offset == offsetof(struct mwtest_knobs, precopy);
}

static bool is_valid(const struct knob *knob, u64 value)
{
	if (knob->offset == offsetof(struct mwtest_knobs, state_bytes) && value &&
	    value < MWTEST_STATE_BYTES_MIN)
		return false;
	return value >= knob->lowest && value <= knob->highest;
}

static ssize_t knob_show(struct device *dev, struct device_attribute *attribute, char *buf)
{
	const struct knob *knob = container_of(attribute, struct knob, attribute);

	return sysfs_emit(buf, "%llu\n", READ_ONCE(*knob_value(device_of(dev), knob)));
}

static ssize_t knob_store(struct device *dev, struct device_attribute *attribute, const char *buf,
			  size_t count)
{
	const struct knob *knob = container_of(attribute, struct knob, attribute);
	struct mwtest_device *mwtest = device_of(dev);
	u64 value;
	int r = kstrtou64(buf, 0, &value);

	if (r)
		return r;
	if (!is_valid(knob, value))
		return -ERANGE;
	mutex_lock(&mwtest->lock);
	if (is_capability(knob) && mwtest->is_open) {
		r = -EBUSY;
	} else {
		*knob_value(mwtest, knob) = value;
		mwtest_set_capabilities(mwtest);
	}
	mutex_unlock(&mwtest->lock);
	return r ? r : count;
}

u64 mwtest_state_bytes(const struct mwtest_device *dev)
{
	return dev->knobs.state_bytes ? dev->knobs.state_bytes : dev->type->state_bytes;
}

/* --- knobs/, arcs --------------------------------------------------------------------------- */

/* The state that [text, text + length) names, or -EINVAL. */
static int parse_state(const char *text, size_t length)
{
	for (int state = 0; state < MWTEST_STATES; state++)
		if (strlen(mwtest_state_names[state]) == length &&
		    strncmp(mwtest_state_names[state], text, length) == 0)
			return state;
	return -EINVAL;
}

/* Takes "FROM-TO NUMBER" apart; "*" instead of FROM-TO is every arc, which gives -1 for both. */
static int parse_arc(const char *buf, int *from, int *to, u64 *value)
{
	size_t dash = strcspn(buf, "- "), space = strcspn(buf, " ");

	if (buf[space] != ' ')
		return -EINVAL;
	*from = *to = -1;
	if (space != 1 || buf[0] != '*') {
		if (buf[dash] != '-')
			return -EINVAL;
		*from = parse_state(buf, dash);
		*to = parse_state(buf + dash + 1, space - dash - 1);
		if (*from < 0 || *to < 0)
			return -EINVAL;
	}
	return kstrtou64(buf + space + 1, 0, value);
}

static u64 *arc_field(struct mwtest_device *dev, int from, int to, size_t offset)
{
	return (void *)&dev->arcs[from][to] + offset;
}

static ssize_t arc_store(struct device *dev, const char *buf, size_t count, size_t offset,
			 u64 highest)
{
	struct mwtest_device *mwtest = device_of(dev);
	int wanted_from, wanted_to;
	u64 value;
	int r = parse_arc(buf, &wanted_from, &wanted_to, &value);

	if (r)
		return r;
	if (value > highest)
		return -ERANGE;
	mutex_lock(&mwtest->lock);
	for (int from = 0; from < MWTEST_STATES; from++)
		for (int to = 0; to < MWTEST_STATES; to++)
			if (wanted_from < 0 || (from == wanted_from && to == wanted_to))
				*arc_field(mwtest, from, to, offset) = value;
	mutex_unlock(&mwtest->lock);
	return count;
}

static ssize_t arc_show(struct device *dev, char *buf, size_t offset)
{
	struct mwtest_device *mwtest = device_of(dev);
	ssize_t used = 0;

	for (int from = 0; from < MWTEST_STATES; from++)
		for (int to = 0; to < MWTEST_STATES; to++) {
			u64 value = READ_ONCE(*arc_field(mwtest, from, to, offset));

			if (value)
				used += sysfs_emit_at(buf, used, "%s-%s %llu\n",
						      mwtest_state_names[from],
						      mwtest_state_names[to], value);
		}
	return used;
}

#define ARC_KNOB(name, field, highest)                                                          \
	static ssize_t name##_show(struct device *dev, struct device_attribute *attribute,      \
				   char *buf)                                                   \
	{                                                                                       \
		return arc_show(dev, buf, offsetof(struct mwtest_arc, field));                  \
	}                                                                                       \
	static ssize_t name##_store(struct device *dev, struct device_attribute *attribute,     \
				    const char *buf, size_t count)                              \
	{                                                                                       \
		return arc_store(dev, buf, count, offsetof(struct mwtest_arc, field), highest); \
	}                                                                                       \
	static DEVICE_ATTR_RW(name)
ARC_KNOB(arc_delay_us, delay_us, MWTEST_DELAY_US_MAX);
ARC_KNOB(arc_errno, error, 4095);

/* --- vendor attributes ---------------------------------------------------------------------- */

static const char *const text_names[MWTEST_TEXT_COUNT] = {
#define TEXT_NAME(name) #name,
	MWTEST_VENDOR_TEXTS(TEXT_NAME)
#undef TEXT_NAME
};

/* The rest is not there until a test makes it. */
static const char *const text_presets[MWTEST_TEXT_COUNT] = {
	[MWTEST_TEXT_version] = "mwtest-1",
	[MWTEST_TEXT_interface_version] = "2.1.3",
	[MWTEST_TEXT_interface_version_compatible] = "2.0.2-2.0.4,2.1.0-",
	[MWTEST_TEXT_aggregator] = "1",
	[MWTEST_TEXT_pv_mode] = "none+ppgtt+context",
};

static ssize_t text_show(struct device *dev, struct device_attribute *attribute, char *buf);
static ssize_t text_store(struct device *dev, struct device_attribute *attribute, const char *buf,
			  size_t count);

static struct device_attribute text_attributes[] = {
#define TEXT_ATTRIBUTE(name) __ATTR(name, 0644, text_show, text_store),
	MWTEST_VENDOR_TEXTS(TEXT_ATTRIBUTE)
#undef TEXT_ATTRIBUTE
};

/* "!5" makes reading fail with errno 5. */
static ssize_t text_show(struct device *dev, struct device_attribute *attribute, char *buf)
{
	struct mwtest_device *mwtest = device_of(dev);
	const char *text;
	unsigned int error;
	ssize_t r;

	mutex_lock(&mwtest->lock);
	text = mwtest->texts[attribute - text_attributes];
	if (!text)
		r = -ENOENT;
	else if (sscanf(text, "!%u", &error) == 1 && error < 4096)
		r = -(ssize_t)error;
	else
		r = sysfs_emit(buf, "%s\n", text);
	mutex_unlock(&mwtest->lock);
	return r;
}

/* Takes the place of a text, without the newline at its end; @text NULL removes it. */
static int set_text(struct mwtest_device *mwtest, int index, const char *text)
{
	size_t length = text ? strnlen(text, TEXT_BYTES_MAX) : 0;
	char *copy = NULL;

	if (length && text[length - 1] == '\n')
		length--;
	if (text) {
		copy = kstrndup(text, length, GFP_KERNEL);
		if (!copy)
			return -ENOMEM;
	}
	mutex_lock(&mwtest->lock);
	swap(mwtest->texts[index], copy);
	mutex_unlock(&mwtest->lock);
	kfree(copy);
	return 0;
}

static ssize_t text_store(struct device *dev, struct device_attribute *attribute, const char *buf,
			  size_t count)
{
	int r = set_text(device_of(dev), attribute - text_attributes, buf);

	return r ? r : count;
}

static umode_t text_is_visible(struct kobject *kobj, struct attribute *attribute, int index)
{
	struct mwtest_device *mwtest = device_of(kobj_to_dev(kobj));

	return READ_ONCE(mwtest->texts[index]) ? attribute->mode : 0;
}

static struct attribute *text_list[] = {
#define TEXT_POINTER(name) &text_attributes[MWTEST_TEXT_##name].attr,
	MWTEST_VENDOR_TEXTS(TEXT_POINTER)
#undef TEXT_POINTER
		NULL,
};

static const struct attribute_group text_group = {
	.attrs = text_list,
	.is_visible = text_is_visible,
};

/* "NAME TEXT" makes a vendor attribute, or changes it; "NAME" alone takes it away. */
static ssize_t vendor_text_store(struct device *dev, struct device_attribute *attribute,
				 const char *buf, size_t count)
{
	size_t length = strcspn(buf, " \n");
	char name[40];
	int index, r;

	if (length >= sizeof(name))
		return -EINVAL;
	strscpy(name, buf, length + 1);
	index = match_string(text_names, MWTEST_TEXT_COUNT, name);
	if (index < 0)
		return -EINVAL;
	r = set_text(device_of(dev), index, buf[length] == ' ' ? buf + length + 1 : NULL);
	if (!r)
		r = sysfs_update_group(&dev->kobj, &text_group);
	return r ? r : count;
}
static DEVICE_ATTR_WO(vendor_text);

/* --- measured/ ------------------------------------------------------------------------------ */

static ssize_t state_show(struct device *dev, struct device_attribute *attribute, char *buf)
{
	return sysfs_emit(buf, "%s\n", mwtest_state_names[READ_ONCE(device_of(dev)->state)]);
}
static DEVICE_ATTR_RO(state);

/* FROM-TO, how often, all of it in ns, the last in ns. */
static ssize_t arcs_show(struct device *dev, struct device_attribute *attribute, char *buf)
{
	struct mwtest_device *mwtest = device_of(dev);
	ssize_t used = 0;

	mutex_lock(&mwtest->lock);
	for (int from = 0; from < MWTEST_STATES; from++)
		for (int to = 0; to < MWTEST_STATES; to++) {
			const struct mwtest_arc *arc = &mwtest->arcs[from][to];

			if (arc->count)
				used += sysfs_emit_at(buf, used, "%s-%s %llu %llu %llu\n",
						      mwtest_state_names[from],
						      mwtest_state_names[to], arc->count,
						      arc->total_ns, arc->last_ns);
		}
	mutex_unlock(&mwtest->lock);
	return used;
}
static DEVICE_ATTR_RO(arcs);

/* Calls, bytes, ns in them, ns from the begin of the first to the end of the last. */
static ssize_t io_show(struct device *dev, char *buf, enum mwtest_direction direction)
{
	struct mwtest_device *mwtest = device_of(dev);
	struct mwtest_io io;

	mutex_lock(&mwtest->lock);
	io = mwtest->io[direction];
	mutex_unlock(&mwtest->lock);
	return sysfs_emit(buf, "%llu %llu %llu %llu\n", io.calls, io.bytes, io.total_ns,
			  io.last_ns - io.first_ns);
}

static ssize_t read_show(struct device *dev, struct device_attribute *attribute, char *buf)
{
	return io_show(dev, buf, MWTEST_READ);
}
static DEVICE_ATTR_RO(read);

static ssize_t write_show(struct device *dev, struct device_attribute *attribute, char *buf)
{
	return io_show(dev, buf, MWTEST_WRITE);
}
static DEVICE_ATTR_RO(write);

/* Starts, stops, reports, dirty pages reported, ranges now. */
static ssize_t log_show(struct device *dev, struct device_attribute *attribute, char *buf)
{
	struct mwtest_device *mwtest = device_of(dev);
	struct mwtest_log log;

	mutex_lock(&mwtest->lock);
	log = mwtest->log;
	mutex_unlock(&mwtest->lock);
	return sysfs_emit(buf, "%llu %llu %llu %llu %u\n", log.starts, log.stops, log.reports,
			  log.dirty_pages, log.range_count);
}
static DEVICE_ATTR_RO(log);

static ssize_t bad_offset_show(struct device *dev, struct device_attribute *attribute, char *buf)
{
	u64 offset = READ_ONCE(device_of(dev)->bad_offset);

	return offset ? sysfs_emit(buf, "%llu\n", offset - 1) : sysfs_emit(buf, "none\n");
}
static DEVICE_ATTR_RO(bad_offset);

static ssize_t reset_store(struct device *dev, struct device_attribute *attribute, const char *buf,
			   size_t count)
{
	struct mwtest_device *mwtest = device_of(dev);

	mutex_lock(&mwtest->lock);
	for (int from = 0; from < MWTEST_STATES; from++)
		for (int to = 0; to < MWTEST_STATES; to++) {
			struct mwtest_arc *arc = &mwtest->arcs[from][to];

			arc->count = arc->total_ns = arc->last_ns = 0;
		}
	memset(mwtest->io, 0, sizeof(mwtest->io));
	mwtest->bad_offset = 0;
	mutex_unlock(&mwtest->lock);
	return count;
}
static DEVICE_ATTR_WO(reset);

/* --- all of it ------------------------------------------------------------------------------ */

enum knob_index {
#define KNOB_INDEX(name, value, lowest, highest) KNOB_##name,
	MWTEST_KNOBS(KNOB_INDEX)
#undef KNOB_INDEX
};

static struct attribute *knob_list[] = {
#define KNOB_POINTER(name, value, lowest, highest) &knobs[KNOB_##name].attribute.attr,
	MWTEST_KNOBS(KNOB_POINTER)
#undef KNOB_POINTER
		& dev_attr_arc_delay_us.attr,
	&dev_attr_arc_errno.attr,
	&dev_attr_vendor_text.attr,
	NULL,
};

static const struct attribute_group knob_group = {
	.name = "knobs",
	.attrs = knob_list,
};

static struct attribute *measured_list[] = {
	&dev_attr_state.attr, &dev_attr_arcs.attr,       &dev_attr_read.attr,  &dev_attr_write.attr,
	&dev_attr_log.attr,   &dev_attr_bad_offset.attr, &dev_attr_reset.attr, NULL,
};

static const struct attribute_group measured_group = {
	.name = "measured",
	.attrs = measured_list,
};

const struct attribute_group *mwtest_groups[] = {
	&knob_group,
	&measured_group,
	&text_group,
	NULL,
};

int mwtest_knobs_init(struct mwtest_device *dev)
{
	for (size_t i = 0; i < ARRAY_SIZE(knobs); i++) {
		if (!is_valid(&knobs[i], *knobs[i].preset))
			return -ERANGE;
		*knob_value(dev, &knobs[i]) = *knobs[i].preset;
	}
	if (!dev->type->migrates_live)
		dev->knobs.p2p = dev->knobs.precopy = 0;
	for (int i = 0; i < MWTEST_TEXT_COUNT; i++) {
		int r = text_presets[i] ? set_text(dev, i, text_presets[i]) : 0;

		if (r)
			return r;
	}
	return 0;
}

void mwtest_knobs_free(struct mwtest_device *dev)
{
	for (int i = 0; i < MWTEST_TEXT_COUNT; i++)
		kfree(dev->texts[i]);
}
