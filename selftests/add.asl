// SPDX-License-Identifier: GPL-2.0
/*
 * Firmware of add.sh: a memory device with two ranges, in RAM that the kernel
 * was told to leave alone. Reading a file of the device SHPT0000 in sysfs runs
 * a method: "sun" makes the memory device appear, "hrv" is the last _OST as
 * COUNT * 1000000 + SOURCE * 1000 + STATUS.
 */
DefinitionBlock ("", "SSDT", 2, "SHPT", "ADD", 1)
{
	Scope (\_SB)
	{
		Name (MSTA, 0)
		Name (OCNT, 0)
		Name (OLST, 0)

		Device (MEM0)
		{
			Name (_HID, EisaId ("PNP0C80"))
			Name (_UID, 0x100)
			Name (_CRS, ResourceTemplate ()
			{
				QWordMemory (ResourceProducer, , MinFixed, MaxFixed, Cacheable, ReadWrite,
					0, 0x40000000, 0x47FFFFFF, 0, 0x08000000)
				QWordMemory (ResourceProducer, , MinFixed, MaxFixed, Cacheable, ReadWrite,
					0, 0x50000000, 0x5FFFFFFF, 0, 0x10000000)
			})
			Method (_STA)
			{
				Return (MSTA)
			}
			Method (_EJ0, 1)
			{
				MSTA = 0
			}
			Method (_OST, 3)
			{
				// Not "in progress"
				If (Arg1 != 0x84)
				{
					OCNT++
					OLST = Arg0 * 1000 + Arg1
				}
			}
		}

		Device (SHPT)
		{
			Name (_HID, "SHPT0000")
			Method (_SUN)
			{
				MSTA = 0x0F
				Notify (MEM0, 1)
				Return (0)
			}
			Method (_HRV)
			{
				Return (OCNT * 1000000 + OLST)
			}
		}
	}
}
