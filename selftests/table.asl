// SPDX-License-Identifier: GPL-2.0
/*
 * A table that bad.sh loads and unloads. Reading a file of SHPT0004 in sysfs runs a
 * method:
 *
 * SHPT0004/sun	TBL0 is there: Device Check
 */
DefinitionBlock ("", "SSDT", 2, "SHPT", "TABLE", 1)
{
	External (\_SB.OSTS, MethodObj)

	Scope (\_SB)
	{
		Name (TSTA, 0)

		Device (TBL0)
		{
			Name (_HID, EisaId ("PNP0C80"))
			Name (_UID, 0x105)
			Name (_CRS, ResourceTemplate ()
			{
				QWordMemory (ResourceProducer, , MinFixed, MaxFixed, Cacheable, ReadWrite,
					0, 0x48000000, 0x4FFFFFFF, 0, 0x08000000)
			})
			Method (_STA)
			{
				Return (TSTA)
			}
			Method (_EJ0, 1)
			{
				TSTA = 0
			}
			Method (_OST, 3)
			{
				OSTS (Arg0, Arg1)
			}
		}

		Device (SHP4)
		{
			Name (_HID, "SHPT0004")
			Method (_SUN)
			{
				TSTA = 0x0F
				Notify (TBL0, 1)
				Return (0)
			}
		}
	}
}
